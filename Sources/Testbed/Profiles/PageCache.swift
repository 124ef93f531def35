import FoundationEssentials
import Glibc

/// The kernel's copies of files.
enum PageCache {
    /// Lets the kernel forget the files below a folder, after writing them back. Copies that another process made are
    /// charged to it and not to a memory group whose server reads them later.
    static func forget(_ folder: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
            let path = "\(folder)/\(name)"
            var info = Glibc.stat()
            guard lstat(path, &info) == 0 else { continue }
            if info.st_mode & S_IFMT == S_IFDIR {
                forget(path)
            } else if info.st_mode & S_IFMT == S_IFREG {
                let file = open(path, O_RDONLY | O_CLOEXEC)
                guard file >= 0 else { continue }
                fdatasync(file)
                posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED)
                close(file)
            }
        }
    }
}
