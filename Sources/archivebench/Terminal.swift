import Glibc

/// Where words go: results to standard output, everything else to standard error.
enum Terminal {
    /// A result, with a newline.
    static func out(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    /// A message or complaint, with a newline.
    static func error(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    /// Raw text for a line that is written over.
    static func raw(_ text: String) { write(text, to: STDERR_FILENO) }

    /// Whether messages go to a person's terminal.
    static var errorIsTerminal: Bool { isatty(STDERR_FILENO) == 1 }

    /// Whether results may be coloured.
    static var colour: Bool {
        isatty(STDOUT_FILENO) == 1 && environment("NO_COLOR") == nil && environment("TERM") != "dumb"
    }

    /// Columns of the terminal; 100 where there is none.
    static var width: Int {
        var size = winsize()
        guard ioctl(STDERR_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 100 }
        return Int(size.ws_col)
    }

    /// A variable of the environment; `nil` when unset or empty.
    static func environment(_ name: String) -> String? {
        getenv(name).map { String(cString: $0) }.flatMap { $0.isEmpty ? nil : $0 }
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            // A reader that went away (`| head`) is no reason to fail.
            if count <= 0 { return }
            bytes = bytes.dropFirst(count)
        }
    }
}
