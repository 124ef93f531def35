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
    if ((flags & O_TRUNC) && folder == AT_FDCWD) csp_before_emptying(path);
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

// Streams write past the model: nobody waits for them, but what they leave takes up room.
FILE *fopen(const char *path, const char *mode) {
    if (mode[0] == 'w') csp_before_emptying(path);
    FILE *file = csp_get()->fopen(path, mode);
    int flags = mode[0] == 'w' ? O_TRUNC : mode[0] == 'a' ? O_APPEND : 0;
    if (file == NULL || csp_note_open(fileno(file), flags)) return file;
    csp_get()->fclose(file);
    errno = EMFILE;
    return NULL;
}

FILE *fopen64(const char *path, const char *mode) { return fopen(path, mode); }

int fclose(FILE *file) {
    int descriptor = fileno(file);
    csp_descriptor *found = csp_find(descriptor);
    struct stat info;
    if (found != NULL && found->file.generation != 0 && fflush(file) == 0 && fstat(descriptor, &info) == 0)
        csm_open(csp_segment, info.st_ino, (uint64_t)info.st_size, false);
    csp_forget(descriptor);
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

// A file is held while its name goes, so that no other one has its inode before the model has forgotten it.
static void has_gone(int held, const struct stat *info, bool gone) {
    if (held >= 0 && gone && info->st_nlink == 1) csm_remove(csp_segment, info->st_ino, (uint64_t)info->st_size);
    csp_release(held);
}

int unlink(const char *path) {
    struct stat info;
    int held = csp_hold(path, &info);
    int result = csp_get()->unlink(path);
    has_gone(held, &info, result == 0);
    return result;
}

int rename(const char *from, const char *to) {
    struct stat info, moved;
    int held = csp_hold(to, &info), other = csp_hold(from, &moved);
    bool same = held >= 0 && other >= 0 && moved.st_ino == info.st_ino;
    csp_release(other);
    int result = csp_get()->rename(from, to);
    has_gone(held, &info, result == 0 && !same);
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
