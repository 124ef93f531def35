/// Stand-in until the real one is merged.
public enum RetentionPolicy: Sendable, Equatable {
    case time(seconds: Int)
    public static func parse(_ text: String) -> Result<[RetentionPolicy], RetentionProblem> { .success([]) }
}
public struct RetentionProblem: Error { public let what: String; public let remedy: String }
