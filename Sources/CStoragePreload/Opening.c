// Opening, closing and copying descriptors; names that go.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include "Preload.h"

#define MODE(last) \
    mode_t mode = 0; \
    if ((flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE) { \
        va_list rest; \
        va_start(rest, last); \
        mode = va_arg(rest, mode_t); \
        va_end(rest); \
    }

// An older tmpfs refuses O_DIRECT, for which memory has no use; the model knows what was asked for.
static int open_noted(int folder, const char *path, int flags, mode_t mode) {
    int descriptor = csp_get()->openat(folder, path, flags, mode);
    if (descriptor < 0 && errno == EINVAL && (flags & O_DIRECT))
        descriptor = csp_get()->openat(folder, path, flags & ~O_DIRECT, mode);
    return csp_note_open(descriptor, flags) ? descriptor : -1;
}

int open(const char *path, int flags, ...) {
    MODE(flags)
    return open_noted(AT_FDCWD, path, flags, mode);
}

int open64(const char *path, int flags, ...) {
    MODE(flags)
    return open_noted(AT_FDCWD, path, flags | O_LARGEFILE, mode);
}

int openat(int folder, const char *path, int flags, ...) {
    MODE(flags)
    return open_noted(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...) {
    MODE(flags)
    return open_noted(folder, path, flags | O_LARGEFILE, mode);
}

int creat(const char *path, mode_t mode) { return open(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
int creat64(const char *path, mode_t mode) { return open64(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }
// With _FORTIFY_SOURCE.
int __open_2(const char *path, int flags) { return open(path, flags); }
int __open64_2(const char *path, int flags) { return open64(path, flags); }
int __openat_2(int folder, const char *path, int flags) { return openat(folder, path, flags); }
int __openat64_2(int folder, const char *path, int flags) { return openat64(folder, path, flags); }

int close(int descriptor) {
    csp_forget(descriptor);
    return csp_get()->close(descriptor);
}

int fclose(FILE *file) {
    csp_forget(fileno(file));
    return csp_get()->fclose(file);
}

int dup(int descriptor) {
    int copy = csp_get()->dup(descriptor);
    csp_copy(descriptor, copy);
    return copy;
}

int dup2(int descriptor, int wanted) {
    int copy = csp_get()->dup2(descriptor, wanted);
    if (copy != descriptor) csp_copy(descriptor, copy);
    return copy;
}

int dup3(int descriptor, int wanted, int flags) {
    int copy = csp_get()->dup3(descriptor, wanted, flags);
    csp_copy(descriptor, copy);
    return copy;
}

int fcntl(int descriptor, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    int result = csp_get()->fcntl(descriptor, command, argument);
    if (command == F_DUPFD || command == F_DUPFD_CLOEXEC) csp_copy(descriptor, result);
    return result;
}

int fcntl64(int descriptor, int command, ...) {
    va_list rest;
    va_start(rest, command);
    void *argument = va_arg(rest, void *);
    va_end(rest);
    return fcntl(descriptor, command, argument);
}

// MARK: Names

int unlink(const char *path) {
    struct stat info;
    bool last = csp_is_below(path, &info) && S_ISREG(info.st_mode) && info.st_nlink == 1;
    int result = csp_get()->unlink(path);
    if (result == 0 && last) csm_remove(csp_segment, info.st_ino, (uint64_t)info.st_size);
    return result;
}

int rename(const char *from, const char *to) {
    struct stat info, moved;
    bool last = csp_is_below(to, &info) && S_ISREG(info.st_mode) && info.st_nlink == 1
        && !(csp_is_below(from, &moved) && moved.st_ino == info.st_ino);
    int result = csp_get()->rename(from, to);
    if (result == 0 && last) csm_remove(csp_segment, info.st_ino, (uint64_t)info.st_size);
    return result;
}

// MARK: What is not modelled

void *mmap(void *address, size_t length, int protection, int flags, int descriptor, off_t offset) {
    if (!(flags & MAP_ANONYMOUS) && csp_find(descriptor) != NULL) csm_note_unmodelled(csp_segment);
    return csp_get()->mmap(address, length, protection, flags, descriptor, offset);
}

void *mmap64(void *address, size_t length, int protection, int flags, int descriptor, off_t offset) {
    return mmap(address, length, protection, flags, descriptor, offset);
}
