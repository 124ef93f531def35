import Synchronization

/// The wish to end an experiment early: the trial that runs is ended with it, and no other is begun.
public final class ExperimentControl: Sendable {
    private struct State {
        var isStopping = false
        var trial: TrialControl?
    }

    private let state = Mutex(State())

    /// Nothing asked for yet.
    public init() {}

    /// Ends the trial that runs, and the experiment after it.
    public func stop() {
        state.withLock { state in
            state.isStopping = true
            state.trial?.stop()
        }
    }

    /// Whether an end was asked for.
    public var isStopping: Bool { state.withLock { $0.isStopping } }

    /// The control of the next trial; of one that is to end at once when an end was asked for already.
    public func next() -> TrialControl {
        let control = TrialControl()
        state.withLock { state in
            state.trial = control
            if state.isStopping { control.stop() }
        }
        return control
    }
}
