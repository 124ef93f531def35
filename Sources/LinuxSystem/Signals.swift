import Dispatch
import Glibc

/// Turns the signals that end a program into calls, so that clean-up is ordinary code.
///
/// While an instance lives, SIGINT, SIGTERM and SIGHUP do nothing by themselves. SIGPIPE is ignored for good: a closed
/// pipe is an error of the write that met it.
public final class EndingSignals {
    private let sources: [any DispatchSourceSignal]

    /// - Parameter handler: called with the signal's number, on a background queue, once for each signal.
    public init(_ handler: @escaping @Sendable (Int32) -> Void) {
        signal(SIGPIPE, SIG_IGN)
        sources = [SIGINT, SIGTERM, SIGHUP].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler { handler(number) }
            source.activate()
            return source
        }
    }

    deinit {
        for source in sources { source.cancel() }
        for number in [SIGINT, SIGTERM, SIGHUP] { signal(number, SIG_DFL) }
    }
}
