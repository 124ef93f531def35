import Experiment
import LinuxSystem
import Report
import Synchronization

/// Shows how a trial goes: one line that is written over on a terminal, one line every ten seconds elsewhere.
final class ProgressLine: TrialObserver, Sendable {
    private struct State {
        var lastStage: String?
        var lastShown: Nanoseconds = 0
        var lineOpen = false
    }

    private let state = Mutex(State())
    private let isTerminal: Bool
    /// Puts a trial's line into what it is a part of.
    private let frame: @Sendable (String) -> String

    init(frame: @escaping @Sendable (String) -> String = { $0 }) {
        isTerminal = Terminal.errorIsTerminal
        self.frame = frame
    }

    func report(_ progress: TrialProgress) {
        show(Self.parts(progress), stage: progress.stage.rawValue, left: progress.secondsLeft)
    }

    /// Shows a line, if it is time to or another stage has begun.
    func show(_ parts: [String], stage: String, left: Double) {
        let now = Clock.now()
        let show = state.withLock { state -> Bool in
            let pause: Nanoseconds = isTerminal ? 200_000_000 : 10_000_000_000
            guard state.lastStage != stage || now - state.lastShown >= pause else { return false }
            state.lastStage = stage
            state.lastShown = now
            state.lineOpen = isTerminal
            return true
        }
        guard show else { return }
        let line = frame((parts + ["\(Self.time(left)) left"]).joined(separator: " · "))
        if isTerminal {
            Terminal.raw("\r\u{1B}[K" + String(line.prefix(Terminal.width - 1)))
        } else {
            Terminal.error(line)
        }
    }

    /// Leaves the line, so that other words can follow.
    func close() {
        let open = state.withLock { state in
            defer { state.lineOpen = false }
            return state.lineOpen
        }
        if open { Terminal.raw("\r\u{1B}[K") }
    }

    private static func parts(_ progress: TrialProgress) -> [String] {
        var parts = [progress.stage.rawValue]
        if let rows = progress.rows {
            let share = rows.total == 0 ? 100 : rows.done * 100 / rows.total
            parts.append("\(rows.done) of \(rows.total) rows (\(share) %)")
        }
        if let rates = progress.rates {
            parts.append(rates.offered.map { "offered \($0)/s, achieved \(rates.achieved)/s" } ?? "\(rates.achieved)/s")
        }
        if let p99 = progress.p99 { parts.append("p99 so far \(milliseconds(p99)) ms") }
        if progress.failed > 0 { parts.append("\(progress.failed) failed") }
        return parts
    }

    private static func milliseconds(_ duration: UInt64) -> String {
        let tenths = Int((Double(duration) / 1e5).rounded())
        return "\(tenths / 10).\(tenths % 10)"
    }

    private static func time(_ seconds: Double) -> String {
        let whole = max(0, Int(seconds.rounded()))
        return whole < 100 ? "\(whole) s" : "\(whole / 60) min \(whole % 60) s"
    }
}
