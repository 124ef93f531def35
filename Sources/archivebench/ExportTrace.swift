import ArgumentParser
import FoundationEssentials
import Glibc
import LinuxSystem
import Report
import Workload

/// `archivebench workload export-trace`
struct ExportTrace: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export-trace",
        abstract: "Write the sequence of a workload as a trace: a CSV file that a workload can replay.",
        discussion: """
            A row is a message or the first page of a request: seconds from the start, shard, number of the topic on it,
            bytes of payload, kind. A workload replays the file, or a recording of the same form, with
            'trace: {file: FILE}'; Workloads/README.md has the columns.

            Examples:
              archivebench workload export-trace status-prod-steady --duration 10min -o steady.csv
              archivebench workload export-trace my-workload.yaml --overlay x10 --seed 7 -o x10.csv
              archivebench workload export-trace my-workload.yaml -o mine.csv --json | jq '.kinds[].rows'
            """)

    @OptionGroup var traffic: TrafficOptions

    @Option(
        help: ArgumentHelp("Length; warm-up and measure phase of the workload when not given.", valueName: "time"),
        transform: Arguments.duration)
    var duration: UInt64?

    @Option(
        name: .shortAndLong, help: ArgumentHelp("The file; it must not be there yet.", valueName: "file"),
        completion: .file(extensions: ["csv"]))
    var output: String

    @Flag(help: "Print what was written as JSON.")
    var json = false

    private struct Written: Encodable {
        struct Kind: Encodable {
            let kind: String
            let rows, payloadBytes: Int
        }

        let file, workload: String
        let seed: UInt64
        let seconds: Double
        let rows: Int
        let kinds: [Kind]
    }

    func validate() throws {
        if let duration, !PhaseSpec.measureRange.contains(duration) {
            throw ValidationError("--duration: use 1s to 7d")
        }
    }

    func run() throws {
        var (spec, _) = try traffic.read()
        if let duration {
            spec.phases = PhaseSpec(warmUp: 0, measure: duration, drainLimit: spec.phases.drainLimit)
            guard spec.endsWithinCalendar else {
                throw UsageProblem("--duration: goes beyond the year 2250; use less, or a smaller --time-scale")
            }
        }
        let export: TraceExport
        do { export = try TraceExport(spec, seed: traffic.seed) } catch { throw UsageProblem(error.description) }
        try write(export, of: spec)
        let kinds = export.written.map { Written.Kind(kind: $0.kind, rows: $0.rows, payloadBytes: $0.bytes) }
        let written = Written(
            file: output, workload: spec.name, seed: traffic.seed, seconds: Double(spec.phases.offered) / 1e9,
            rows: kinds.reduce(0) { $0 + $1.rows }, kinds: kinds)
        try tell(written)
    }

    private func write(_ export: TraceExport, of spec: WorkloadSpec) throws {
        let file = try PartialFile(output)
        let signals = EndingSignals { _ in
            file.remove()
            Terminal.error("ended at once; nothing was written")
            _exit(ExitStatus.interrupted.rawValue)
        }
        let (progress, started) = (ProgressLine(), Clock.now())
        do {
            while let piece = export.next() {
                try file.append(piece)
                show(export, on: progress, since: started)
            }
            progress.close()
            // A trace that changed while it was read makes no other one.
            try spec.checkTrace()
            try file.finish()
        } catch {
            progress.close()
            file.remove()
            throw error
        }
        withExtendedLifetime(signals) {}
    }

    /// What is over in a moment shows no progress.
    private static let quiet = 2.0

    private func show(_ export: TraceExport, on progress: ProgressLine, since started: Nanoseconds) {
        let (elapsed, share) = (Double(Clock.now() - started) / 1e9, export.progress)
        guard elapsed > Self.quiet, share > 0 else { return }
        let rows = Quantity.plain.count(export.written.reduce(0) { $0 + $1.rows })
        progress.show(
            ["writing the trace", "\(rows) rows", "\(Int(share * 100)) %"], stage: "trace",
            left: elapsed * (1 - share) / share)
    }

    private func tell(_ written: Written) throws {
        if json {
            let encoder = JSONEncoder()
            encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
            return Terminal.out(String(decoding: try encoder.encode(written), as: UTF8.self))
        }
        let quantity = Quantity.plain
        Terminal.out(
            "\(output): \(quantity.count(written.rows)) rows, \(quantity.digits(written.seconds)) s of \(written.workload), seed \(written.seed)"
        )
        for kind in written.kinds {
            let bytes = kind.payloadBytes > 0 ? ", \(quantity.bytes(kind.payloadBytes)) of payload" : ""
            Terminal.out("  \(kind.kind): \(quantity.count(kind.rows)) rows\(bytes)")
        }
        Terminal.out("to replay it, write 'trace: {file: \(output)}' into a workload, with the path as seen from there")
    }
}

/// A file that has its name only when it is complete.
private final class PartialFile: Sendable {
    private let path: String
    private let descriptor: Int32
    private var partial: String { "\(path).part" }

    init(_ path: String) throws {
        guard access(path, F_OK) != 0 else {
            throw UsageProblem("\(path): is there already; choose another name, or remove it")
        }
        descriptor = open("\(path).part", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else {
            throw UsageProblem("\(path): cannot be written: \(String(cString: strerror(errno))); choose another place")
        }
        self.path = path
    }

    func append(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { piece in
            var rest = piece[...]
            while !rest.isEmpty {
                let count = Glibc.write(descriptor, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw failure("written") }
                rest = rest.dropFirst(count)
            }
        }
    }

    /// Gives it its name.
    func finish() throws {
        guard close(descriptor) == 0 else { throw failure("written") }
        guard rename(partial, path) == 0 else { throw failure("renamed") }
    }

    func remove() { unlink(partial) }

    private func failure(_ what: String) -> ExportFailure {
        ExportFailure(
            description: "\(path): cannot be \(what): \(String(cString: strerror(errno))); nothing was left there")
    }
}

/// The disk did not take the file; one line.
private struct ExportFailure: Error, CustomStringConvertible {
    let description: String
}
