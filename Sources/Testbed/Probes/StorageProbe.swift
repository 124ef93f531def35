import Glibc
import LinuxSystem

/// Short probes of a disk; each runs on the calling thread.
enum StorageProbe {
    static let smallBlock = 8 << 10
    static let largeBlock = 256 << 10
    /// Most of the file, bytes.
    private static let mostBytes = 128 << 20
    static let flushEvery = 8

    struct Serial {
        let bytes: Int
        let write: Double
        let read: Double
        let flushes: (count: Int, middle: UInt64, high: UInt64)
        let isDirect: Bool
    }

    /// Writes a file, flushes single blocks of it, and reads it.
    static func serial(_ path: String) throws(SystemError) -> Serial {
        let blocks = try writeBlocks(path)
        let flushes = try flush(path, blocks.count * (largeBlock / smallBlock))
        let large = try DirectFile(path: path, blockBytes: largeBlock, direct: true)
        large.forget()
        let read = try repeated { index throws(SystemError) in try large.read(block: index % blocks.count) }
        return Serial(
            bytes: blocks.count * largeBlock, write: blocks.rate * Double(largeBlock),
            read: read * Double(largeBlock), flushes: flushes, isDirect: large.isDirect)
    }

    /// A write ends in the page cache and takes what this host's memory takes; the device is seen by the flushes. Where they
    /// are the shorter part there is no device to be seen, and the rate is that of both.
    private static func writeBlocks(_ path: String) throws(SystemError) -> (count: Int, rate: Double) {
        let file = try DirectFile(path: path, blockBytes: largeBlock, direct: false)
        let started = Clock.now()
        var (count, now, flushing) = (0, started, Nanoseconds(0))
        func flush() throws(SystemError) {
            let begun = Clock.now()
            try file.flush()
            flushing += Clock.now() - begun
        }
        while count == 0 || (now < started + MachineProbe.part && count < mostBytes / largeBlock) {
            try file.write(block: count)
            count += 1
            if count % flushEvery == 0 { try flush() }
            now = Clock.now()
        }
        try flush()
        let all = Clock.now() - started
        return (count, Double(count) * 1e9 / Double(2 * flushing > all ? flushing : all))
    }

    private static func flush(
        _ path: String, _ blocks: Int
    ) throws(SystemError) -> (count: Int, middle: UInt64, high: UInt64) {
        let file = try DirectFile(path: path, blockBytes: smallBlock, direct: false)
        var times: [UInt64] = []
        _ = try repeated { index throws(SystemError) in
            let begin = Clock.now()
            try file.write(block: index % blocks)
            try file.flush()
            times.append(Clock.now() - begin)
        }
        times.sort()
        return (times.count, times[times.count / 2], times[min(times.count - 1, times.count * 99 / 100)])
    }

    /// A limit lets some operations through at once before it holds; those are not counted. Nanoseconds.
    private static let settling: Nanoseconds = 200_000_000
    /// Long enough for a few dozen operations of a slow disk, nanoseconds.
    static let counting: Nanoseconds = 400_000_000

    /// Operations a second at random places of the file.
    static func random(_ path: String, _ blocks: Int, seed: Int, writes: Bool) throws(SystemError) -> Double {
        let file = try DirectFile(path: path, blockBytes: smallBlock, direct: true)
        var state = UInt64(seed + 1)
        let begin = Clock.now() + settling
        let end = begin + counting
        var count = 0
        while true {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ (state >> 30)) &* 0xBF58_476D_1CE4_E5B9
            mixed ^= mixed >> 31
            let block = Int(mixed % UInt64(max(1, blocks)))
            if writes { try file.write(block: block) } else { try file.read(block: block) }
            let now = Clock.now()
            if now >= end { break }
            if now >= begin { count += 1 }
        }
        return Double(count) * 1e9 / Double(counting)
    }

    /// Repeats an operation until the time is up, at least once.
    ///
    /// - Returns: times a second.
    private static func repeated(_ operation: (Int) throws(SystemError) -> Void) throws(SystemError) -> Double {
        let started = Clock.now()
        var (count, now) = (0, started)
        while count == 0 || now < started + MachineProbe.part {
            try operation(count)
            count += 1
            now = Clock.now()
        }
        return Double(count) * 1e9 / Double(now - started)
    }

    /// Takes the file away.
    static func remove(_ path: String) { unlink(path) }
}
