import Glibc

/// A user account of the machine.
public struct UserAccount: Sendable, Equatable {
    /// The login name.
    public let name: String
    /// The user's number.
    public let uid: UInt32
    /// Number of the user's primary group.
    public let gid: UInt32

    /// An account by its name and numbers.
    package init(name: String, uid: UInt32, gid: UInt32) {
        self.name = name
        self.uid = uid
        self.gid = gid
    }

    /// The account the process runs as.
    public static var effective: UserAccount {
        let uid = geteuid()
        return lookUp { getpwuid(uid) } ?? UserAccount(name: String(uid), uid: uid, gid: getegid())
    }

    /// The account of a name; `nil` when there is none.
    public static func named(_ name: String) -> UserAccount? { lookUp { getpwnam(name) } }

    /// Whether it may do anything.
    public var isRoot: Bool { uid == 0 }

    private static func lookUp(_ find: () -> UnsafeMutablePointer<passwd>?) -> UserAccount? {
        guard let entry = find()?.pointee, let name = entry.pw_name else { return nil }
        return UserAccount(name: String(cString: name), uid: entry.pw_uid, gid: entry.pw_gid)
    }
}

/// Ownership and modes of folders, for handing a folder to the user a server runs as.
public enum Ownership {
    /// Makes one folder with exactly this mode and owner.
    ///
    /// - Throws: ``SystemError``; an existing folder is an error (`EEXIST`), so that nobody can slip one in before.
    public static func makeFolder(_ path: String, mode: UInt32, owner: UserAccount?) throws(SystemError) {
        guard mkdir(path, mode) == 0 else { throw SystemError("mkdir \(path)") }
        guard chmod(path, mode) == 0 else { throw SystemError("chmod \(path)") }
        if let owner { try give(path, to: owner) }
    }

    /// Makes a user the owner of a file or folder.
    public static func give(_ path: String, to owner: UserAccount) throws(SystemError) {
        guard chown(path, owner.uid, owner.gid) == 0 else { throw SystemError("chown \(path)") }
    }

    /// Whether a folder exists, is no symbolic link, and belongs to the user.
    public static func isFolder(_ path: String, ownedBy uid: UInt32) -> Bool {
        var info = Glibc.stat()
        guard lstat(path, &info) == 0 else { return false }
        return info.st_mode & S_IFMT == S_IFDIR && info.st_uid == uid
    }

    /// Whether only the owner of a folder may write in it.
    public static func isClosed(_ path: String) -> Bool {
        var info = Glibc.stat()
        return lstat(path, &info) == 0 && info.st_mode & (S_IWGRP | S_IWOTH) == 0
    }

    /// The first folder on the way to `path` that "other" users may not pass through; `nil` when they can reach it.
    public static func obstacle(on path: String) -> String? {
        var current = ""
        for part in path.split(separator: "/") {
            current += "/" + part
            var info = Glibc.stat()
            guard stat(current, &info) == 0 else { return nil }
            if info.st_mode & S_IXOTH == 0 { return current }
        }
        return nil
    }
}
