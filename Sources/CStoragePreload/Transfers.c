// Reading and writing.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include "Preload.h"

// Where a call without an offset is; -1 where there is no such thing.
static off_t place_of(int descriptor) { return lseek(descriptor, 0, SEEK_CUR); }

// After a read that began at `began`: what this host took for it is part of what the device takes.
static ssize_t has_read(csp_descriptor *found, uint64_t began, off_t offset, ssize_t count) {
    if (count <= 0 || offset < 0) return count;
    uint64_t now = csp_now();
    uint64_t until = csm_read(csp_segment, found->file, (uint64_t)offset, (uint64_t)count, found->flags, now);
    csp_wait_rest(CSM_READ, began, now, until);
    return count;
}

// Room for so many bytes; false with ENOSPC.
static bool has_room(csp_descriptor *found, off_t offset, size_t count) {
    if (offset < 0 || count == 0) return true;
    if (csm_reserve(csp_segment, found->file, (uint64_t)offset + count)) return true;
    errno = ENOSPC;
    return false;
}

// After a write that began at `began`, for which there was room for `wanted` bytes.
static ssize_t has_written(
    int descriptor, csp_descriptor *found, uint64_t began, off_t offset, size_t wanted, ssize_t count, int more) {
    if (offset < 0) return count;
    struct stat info;
    int before = errno;
    if ((count < 0 || (size_t)count < wanted) && fstat(descriptor, &info) == 0)
        csm_give_back(csp_segment, found->file, (uint64_t)offset + wanted, (uint64_t)info.st_size);
    errno = before;
    if (count <= 0) return count;
    uint64_t now = csp_now();
    int flags = found->flags | more;
    uint64_t until = csm_write(csp_segment, found->file, (uint64_t)offset, (uint64_t)count, flags, now);
    csp_wait_rest(flags & CSM_SYNC ? CSM_FLUSH : CSM_WRITE, began, now, until);
    return count;
}

static size_t total(const struct iovec *parts, int count) {
    size_t sum = 0;
    for (int i = 0; i < count; i++) sum += parts[i].iov_len;
    return sum;
}

// Where a write without an offset goes.
static off_t write_place(int descriptor, const csp_descriptor *found) {
    struct stat info;
    if (found->appends && fstat(descriptor, &info) == 0) return info.st_size;
    return place_of(descriptor);
}

// MARK: Reading

ssize_t read(int descriptor, void *buffer, size_t count) {
    csp_descriptor *found = csp_find(descriptor);
    if (found == NULL) return csp_get()->read(descriptor, buffer, count);
    off_t offset = place_of(descriptor);
    uint64_t began = csp_now();
    return has_read(found, began, offset, csp_get()->read(descriptor, buffer, count));
}

ssize_t pread(int descriptor, void *buffer, size_t count, off_t offset) {
    csp_descriptor *found = csp_find(descriptor);
    uint64_t began = csp_now();
    ssize_t done = csp_get()->pread(descriptor, buffer, count, offset);
    return found == NULL ? done : has_read(found, began, offset, done);
}

ssize_t readv(int descriptor, const struct iovec *parts, int count) {
    csp_descriptor *found = csp_find(descriptor);
    if (found == NULL) return csp_get()->readv(descriptor, parts, count);
    off_t offset = place_of(descriptor);
    uint64_t began = csp_now();
    return has_read(found, began, offset, csp_get()->readv(descriptor, parts, count));
}

ssize_t preadv(int descriptor, const struct iovec *parts, int count, off_t offset) {
    csp_descriptor *found = csp_find(descriptor);
    uint64_t began = csp_now();
    ssize_t done = csp_get()->preadv(descriptor, parts, count, offset);
    return found == NULL ? done : has_read(found, began, offset, done);
}

ssize_t preadv2(int descriptor, const struct iovec *parts, int count, off_t offset, int flags) {
    csp_descriptor *found = csp_find(descriptor);
    off_t place = found != NULL && offset == -1 ? place_of(descriptor) : offset;
    uint64_t began = csp_now();
    ssize_t done = csp_get()->preadv2(descriptor, parts, count, offset, flags);
    return found == NULL ? done : has_read(found, began, place, done);
}

// MARK: Writing

ssize_t write(int descriptor, const void *buffer, size_t count) {
    csp_descriptor *found = csp_find(descriptor);
    if (found == NULL) return csp_get()->write(descriptor, buffer, count);
    off_t offset = write_place(descriptor, found);
    if (!has_room(found, offset, count)) return -1;
    uint64_t began = csp_now();
    return has_written(descriptor, found, began, offset, count, csp_get()->write(descriptor, buffer, count), 0);
}

ssize_t pwrite(int descriptor, const void *buffer, size_t count, off_t offset) {
    csp_descriptor *found = csp_find(descriptor);
    if (found == NULL) return csp_get()->pwrite(descriptor, buffer, count, offset);
    if (!has_room(found, offset, count)) return -1;
    uint64_t began = csp_now();
    return has_written(descriptor, found, began, offset, count, csp_get()->pwrite(descriptor, buffer, count, offset), 0);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    csp_descriptor *found = csp_find(descriptor);
    if (found == NULL) return csp_get()->writev(descriptor, parts, count);
    off_t offset = write_place(descriptor, found);
    size_t wanted = total(parts, count);
    if (!has_room(found, offset, wanted)) return -1;
    uint64_t began = csp_now();
    return has_written(descriptor, found, began, offset, wanted, csp_get()->writev(descriptor, parts, count), 0);
}

ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t offset) {
    csp_descriptor *found = csp_find(descriptor);
    if (found == NULL) return csp_get()->pwritev(descriptor, parts, count, offset);
    size_t wanted = total(parts, count);
    if (!has_room(found, offset, wanted)) return -1;
    uint64_t began = csp_now();
    return has_written(descriptor, found, began, offset, wanted, csp_get()->pwritev(descriptor, parts, count, offset), 0);
}

ssize_t pwritev2(int descriptor, const struct iovec *parts, int count, off_t offset, int flags) {
    csp_descriptor *found = csp_find(descriptor);
    if (found == NULL) return csp_get()->pwritev2(descriptor, parts, count, offset, flags);
    off_t place = offset == -1 ? write_place(descriptor, found) : offset;
    size_t wanted = total(parts, count);
    if (!has_room(found, place, wanted)) return -1;
    int more = flags & (RWF_DSYNC | RWF_SYNC) ? CSM_SYNC : 0;
    uint64_t began = csp_now();
    ssize_t done = csp_get()->pwritev2(descriptor, parts, count, offset, flags);
    return has_written(descriptor, found, began, place, wanted, done, more);
}

ssize_t copy_file_range(int from, off_t *from_place, int to, off_t *to_place, size_t count, unsigned flags) {
    csp_descriptor *source = csp_find(from), *target = csp_find(to);
    off_t read_at = source == NULL ? -1 : from_place != NULL ? *from_place : place_of(from);
    off_t write_at = target == NULL ? -1 : to_place != NULL ? *to_place : place_of(to);
    if (target != NULL && !has_room(target, write_at, count)) return -1;
    uint64_t began = csp_now();
    ssize_t done = csp_get()->copy_file_range(from, from_place, to, to_place, count, flags);
    if (source != NULL) has_read(source, began, read_at, done);
    return target == NULL ? done : has_written(to, target, csp_now(), write_at, count, done, 0);
}

// The same under the names for large files, which are all files here.
ssize_t pread64(int, void *, size_t, off_t) __attribute__((alias("pread")));
ssize_t preadv64(int, const struct iovec *, int, off_t) __attribute__((alias("preadv")));
ssize_t preadv64v2(int, const struct iovec *, int, off_t, int) __attribute__((alias("preadv2")));
ssize_t pwrite64(int, const void *, size_t, off_t) __attribute__((alias("pwrite")));
ssize_t pwritev64(int, const struct iovec *, int, off_t) __attribute__((alias("pwritev")));
ssize_t pwritev64v2(int, const struct iovec *, int, off_t, int) __attribute__((alias("pwritev2")));
// With _FORTIFY_SOURCE.
ssize_t __read_chk(int descriptor, void *buffer, size_t count, size_t size) {
    return read(descriptor, buffer, count < size ? count : size);
}
ssize_t __pread_chk(int descriptor, void *buffer, size_t count, off_t offset, size_t size) {
    return pread(descriptor, buffer, count < size ? count : size, offset);
}
ssize_t __pread64_chk(int, void *, size_t, off_t, size_t) __attribute__((alias("__pread_chk")));
