import LinuxSystem

/// Short probes of processors and memory; each runs on the calling thread.
enum ProcessorProbe {
    /// Steps of SplitMix64 in a second of the thread's own time.
    static func coreSpeed() -> Double {
        let begin = Clock.threadCPU()
        let deadline = Clock.now() + MachineProbe.part
        var (state, folded, steps): (UInt64, UInt64, Int) = (1, 0, 0)
        while Clock.now() < deadline {
            for _ in 0..<10_000 {
                state &+= 0x9E37_79B9_7F4A_7C15
                var mixed = state
                mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
                mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
                folded ^= mixed ^ (mixed >> 31)
            }
            steps += 10_000
        }
        let used = Clock.threadCPU() - begin
        // The sum is looked at, so that the loop is not left out.
        return folded == 0 ? 0 : Double(steps) * 1e9 / Double(max(1, used))
    }

    /// Processors' worth of time got while wanting a whole one.
    static func spin() -> Double {
        let (begin, started) = (Clock.threadCPU(), Clock.now())
        var now = started
        while now < started + MachineProbe.part { now = Clock.now() }
        return Double(Clock.threadCPU() - begin) / Double(now - started)
    }

    /// Each of two buffers, bytes: more than most caches hold.
    private static let bufferBytes = 32 << 20

    /// Bytes copied a second.
    static func memoryBandwidth() -> Double {
        let (from, to) = (buffer(1), buffer(2))
        defer {
            from.deallocate()
            to.deallocate()
        }
        let started = Clock.now()
        var (now, copied) = (started, 0)
        while now < started + MachineProbe.part {
            to.copyMemory(from: from, byteCount: bufferBytes)
            copied += bufferBytes
            now = Clock.now()
        }
        return Double(copied) * 1e9 / Double(now - started)
    }

    private static func buffer(_ value: UInt8) -> UnsafeMutableRawPointer {
        let memory = UnsafeMutableRawPointer.allocate(byteCount: bufferBytes, alignment: 64)
        memory.initializeMemory(as: UInt8.self, repeating: value, count: bufferBytes)
        return memory
    }
}
