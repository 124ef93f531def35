import Experiment
import Glibc
import LinuxSystem
import Synchronization
import Testbed

/// Ctrl-C once finishes the record, twice ends now; either way no server stays behind.
enum Interruption {
    /// Watches the signals that end a program, from here to its end; `hasRecord` where one is being written.
    static func watch(
        _ control: TrialControl, _ progress: ProgressLine, _ registry: ClusterRegistry, hasRecord: Bool = true
    ) -> EndingSignals {
        watch(progress, registry, hasRecord: hasRecord) { control.stop() }
    }

    /// The same for work of several trials: `stop` ends the one that runs, and what would come after it.
    static func watch(
        _ progress: ProgressLine, _ registry: ClusterRegistry, hasRecord: Bool = true,
        stop: @escaping @Sendable () -> Void
    ) -> EndingSignals {
        let count = SignalCount()
        let signals = EndingSignals { _ in
            if count.next() == 1 {
                progress.close()
                let work = hasRecord ? "finishing the record" : "removing the server"
                Terminal.error("ending early: \(work); press Ctrl-C once more to end now")
                stop()
            } else {
                endingNow.store(true, ordering: .releasing)
                registry.removeAll(of: ProcessTable.current)
                Terminal.error("ended at once" + (hasRecord ? "; the record is partial" : ""))
                _exit(ExitStatus.interrupted.rawValue)
            }
        }
        // To the end of the process: one more signal must not kill it in the moment between giving up and exiting.
        _ = Unmanaged.passRetained(signals)
        return signals
    }

    /// The same for what has no record to finish: the first signal ends now.
    static func endAtOnce(_ registry: ClusterRegistry) -> EndingSignals {
        EndingSignals { _ in
            endingNow.store(true, ordering: .releasing)
            registry.removeAll(of: ProcessTable.current)
            _exit(ExitStatus.interrupted.rawValue)
        }
    }

    /// Holds a failure back while the program is being ended: what fails now fails because of that.
    static func waitIfEnding() {
        while endingNow.load(ordering: .acquiring) { Clock.pause(100_000_000) }
    }

    private static let endingNow = Atomic<Bool>(false)

    private final class SignalCount: Sendable {
        private let value = Atomic<Int>(0)
        func next() -> Int { value.add(1, ordering: .relaxed).newValue }
    }
}
