import Glibc

/// How many descriptors (files, sockets, timers) the process may have open: RLIMIT_NOFILE of getrlimit(2).
public struct DescriptorLimit: Sendable, Equatable {
    /// What holds now. Many systems set 1 024, from the days when more did harm.
    public let soft: Int
    /// What the process may raise it to by itself.
    public let hard: Int

    /// The limits of this process; both 0 where the kernel does not tell.
    public static var current: DescriptorLimit {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return DescriptorLimit(soft: 0, hard: 0) }
        return DescriptorLimit(soft: Int(clamping: limit.rlim_cur), hard: Int(clamping: limit.rlim_max))
    }

    /// Raises the soft limit to the hard one. Children inherit it. Call it once, before any thread is started.
    ///
    /// - Returns: what holds then; unchanged when the kernel refuses.
    @discardableResult
    public static func raise() -> DescriptorLimit {
        var limit = rlimit()
        guard getrlimit(resource, &limit) == 0 else { return current }
        limit.rlim_cur = limit.rlim_max
        _ = setrlimit(resource, &limit)
        return current
    }

    private static var resource: __rlimit_resource_t { __rlimit_resource_t(RLIMIT_NOFILE.rawValue) }
}
