// Flushing, write-back, allocation, advice.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "Preload.h"

// A flush in steps, each waited for: the device serves others in between.
static void flush(csm_file file, bool all) {
    uint64_t left = CSM_ALL, began = csp_now(), now = began;
    for (;;) {
        uint64_t until = all ? csm_flush_all(csp_segment, &left, now) : csm_flush(csp_segment, file, &left, now);
        now = csp_pause(now, until);
        if (left > 0) continue;
        if (until > began) csm_note_wait(csp_segment, CSM_FLUSH, until - began, now > until ? now - until : 0);
        return;
    }
}

int fsync(int descriptor) {
    csp_descriptor *found = csp_find(descriptor);
    int result = csp_get()->fsync(descriptor);
    if (found != NULL && result == 0) flush(found->file, false);
    return result;
}

int fdatasync(int descriptor) {
    csp_descriptor *found = csp_find(descriptor);
    int result = csp_get()->fdatasync(descriptor);
    if (found != NULL && result == 0) flush(found->file, false);
    return result;
}

int syncfs(int descriptor) {
    csp_descriptor *found = csp_find(descriptor);
    int result = csp_get()->syncfs(descriptor);
    if (found != NULL && result == 0) flush(found->file, true);
    return result;
}

int sync_file_range(int descriptor, off_t offset, off_t length, unsigned flags) {
    csp_descriptor *found = csp_find(descriptor);
    int result = csp_get()->sync_file_range(descriptor, offset, length, flags);
    if (found == NULL || result != 0 || flags == 0) return result;
    uint64_t now = csp_now();
    bool waits = flags & (SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WAIT_AFTER);
    csp_wait(
        CSM_WRITE, now,
        csm_write_back(csp_segment, found->file, (uint64_t)offset, (uint64_t)length, waits, now));
    return result;
}

// MARK: Sizes

static bool has_room(csp_descriptor *found, off_t end) {
    return csm_reserve(csp_segment, found->file, (uint64_t)end);
}

// Gives the room back when the growth failed after all.
static void settle(int descriptor, csp_descriptor *found, off_t end, bool succeeded) {
    struct stat info;
    if (!succeeded && fstat(descriptor, &info) == 0)
        csm_give_back(csp_segment, found->file, (uint64_t)end, (uint64_t)info.st_size);
}

int posix_fallocate(int descriptor, off_t offset, off_t length) {
    csp_descriptor *found = csp_find(descriptor);
    bool grows = found != NULL && offset >= 0 && length > 0;
    if (grows && !has_room(found, offset + length)) return ENOSPC;
    int code = csp_get()->posix_fallocate(descriptor, offset, length);
    if (grows) settle(descriptor, found, offset + length, code == 0);
    return code;
}

int fallocate(int descriptor, int mode, off_t offset, off_t length) {
    csp_descriptor *found = csp_find(descriptor);
    // Other modes than growing give room back or move it about; no server uses them.
    bool grows = found != NULL && mode == 0 && offset >= 0 && length > 0;
    if (grows && !has_room(found, offset + length)) {
        errno = ENOSPC;
        return -1;
    }
    if (found != NULL && mode != 0) csm_note_unmodelled(csp_segment);
    int result = csp_get()->fallocate(descriptor, mode, offset, length);
    int before = errno;
    if (grows) settle(descriptor, found, offset + length, result == 0);
    errno = before;
    return result;
}

int ftruncate(int descriptor, off_t size) {
    csp_descriptor *found = csp_find(descriptor);
    int result = csp_get()->ftruncate(descriptor, size);
    if (found != NULL && result == 0) csm_resize(csp_segment, found->file, (uint64_t)size);
    return result;
}

int truncate(const char *path, off_t size) {
    struct stat info;
    int held = csp_hold(path, &info);
    int result = csp_get()->truncate(path, size);
    if (held >= 0 && result == 0) {
        csm_file file = csm_open(csp_segment, info.st_ino, (uint64_t)info.st_size, false);
        csm_resize(csp_segment, file, (uint64_t)size);
    }
    csp_release(held);
    return result;
}

int posix_fadvise(int descriptor, off_t offset, off_t length, int advice) {
    csp_descriptor *found = csp_find(descriptor);
    int result = csp_get()->posix_fadvise(descriptor, offset, length, advice);
    if (found == NULL || result != 0 || offset < 0 || length < 0) return result;
    if (advice == POSIX_FADV_WILLNEED)
        csm_prefetch(csp_segment, found->file, (uint64_t)offset, (uint64_t)length, csp_now());
    if (advice == POSIX_FADV_DONTNEED)
        csm_drop(csp_segment, found->file, (uint64_t)offset, (uint64_t)length);
    return result;
}

// The same under the names for large files, which are all files here.
int posix_fallocate64(int, off_t, off_t) __attribute__((alias("posix_fallocate")));
int fallocate64(int, int, off_t, off_t) __attribute__((alias("fallocate")));
int ftruncate64(int, off_t) __attribute__((alias("ftruncate")));
int truncate64(const char *, off_t) __attribute__((alias("truncate")));
int posix_fadvise64(int, off_t, off_t, int) __attribute__((alias("posix_fadvise")));
