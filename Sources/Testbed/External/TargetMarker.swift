/// The mark of a database that ArchiveBench made for itself on somebody's server: a comment on the database, of exactly
/// this form.
///
/// ```
/// archivebench target/1: database bench, made 2026-11-21T20:51:41Z by ArchiveBench, which may empty and drop it
/// ```
/// A comment, and not a table, because it belongs to the database and not to what is in it: a dump that is restored into
/// another database does not bring it along (`pg_dump` writes it only with `--create`), and neither does a database that
/// is made with this one as its template. It names its database, so that one that was renamed or restored under another
/// name bears it no more. Nobody writes this sentence by accident, and only the owner can write it at all.
public struct TargetMarker: Sendable, Equatable {
    /// Name of the database that it was written for.
    public let database: String
    /// Wall clock, ISO 8601.
    public let createdAt: String

    /// The mark of a new database.
    public init(database: String, createdAt: String) {
        self.database = database
        self.createdAt = createdAt
    }

    private static let ending = " by ArchiveBench, which may empty and drop it"

    private static func beginning(_ database: String) -> String { "archivebench target/1: database \(database), made " }

    /// The comment on the database.
    public var comment: String { Self.beginning(database) + createdAt + Self.ending }

    /// Reads a comment; `nil` for any other, and for the mark of another database.
    ///
    /// - Parameters:
    ///   - comment: of a database; `nil` where it has none.
    ///   - database: its name.
    public init?(comment: String?, on database: String) {
        guard let comment, comment.hasPrefix(Self.beginning(database)), comment.hasSuffix(Self.ending) else {
            return nil
        }
        let time = comment.dropFirst(Self.beginning(database).count).dropLast(Self.ending.count)
        guard time.count == "2026-11-21T20:51:41Z".count, time.hasSuffix("Z"), !time.contains(" ") else { return nil }
        self.init(database: database, createdAt: String(time))
        guard self.comment == comment else { return nil }
    }
}
