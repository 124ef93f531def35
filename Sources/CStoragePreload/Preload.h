// What the interposed calls share: the segment, the next library's functions, the descriptors that are modelled.
#ifndef ARCHIVEBENCH_CSTORAGEPRELOAD_INTERNAL_H
#define ARCHIVEBENCH_CSTORAGEPRELOAD_INTERNAL_H

#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>

#include "CStorageModel.h"

// The C library's own functions, behind ours.
typedef struct {
    int (*open)(const char *, int, ...);
    int (*openat)(int, const char *, int, ...);
    int (*close)(int);
    FILE *(*fopen)(const char *, const char *);
    int (*fclose)(FILE *);
    int (*dup)(int);
    int (*dup2)(int, int);
    int (*dup3)(int, int, int);
    int (*fcntl)(int, int, ...);
    ssize_t (*read)(int, void *, size_t);
    ssize_t (*pread)(int, void *, size_t, off_t);
    ssize_t (*readv)(int, const struct iovec *, int);
    ssize_t (*preadv)(int, const struct iovec *, int, off_t);
    ssize_t (*preadv2)(int, const struct iovec *, int, off_t, int);
    ssize_t (*write)(int, const void *, size_t);
    ssize_t (*pwrite)(int, const void *, size_t, off_t);
    ssize_t (*writev)(int, const struct iovec *, int);
    ssize_t (*pwritev)(int, const struct iovec *, int, off_t);
    ssize_t (*pwritev2)(int, const struct iovec *, int, off_t, int);
    int (*fsync)(int);
    int (*fdatasync)(int);
    int (*syncfs)(int);
    int (*sync_file_range)(int, off_t, off_t, unsigned);
    int (*posix_fallocate)(int, off_t, off_t);
    int (*fallocate)(int, int, off_t, off_t);
    int (*posix_fadvise)(int, off_t, off_t, int);
    int (*ftruncate)(int, off_t);
    int (*truncate)(const char *, off_t);
    int (*unlink)(const char *);
    int (*rename)(const char *, const char *);
    ssize_t (*copy_file_range)(int, off_t *, int, off_t *, size_t, unsigned);
    void *(*mmap)(void *, size_t, int, int, int, off_t);
} csp_functions;

extern csp_functions csp_next;
// Finds them and the segment: when the library is loaded, or when another library calls us before that.
void csp_start(void);
static inline csp_functions *csp_get(void) {
    if (__builtin_expect(csp_next.mmap == NULL, 0)) csp_start();
    return &csp_next;
}
extern csm_segment *csp_segment;

// A descriptor of a file below the modelled folder.
typedef struct {
    csm_file file;  // generation 0: a folder, or a file for which there was no place
    uint16_t flags; // CSM_DIRECT, CSM_SYNC
    uint8_t modelled;
    uint8_t appends;
} csp_descriptor;

// The modelled descriptor of a number; NULL for all others.
csp_descriptor *csp_find(int descriptor);
void csp_forget(int descriptor);
void csp_copy(int from, int to);
// Looks at a descriptor that was just opened with these flags. False when it cannot be modelled; it is closed then.
bool csp_note_open(int descriptor, int flags);
// Whether a path is a regular file's below the modelled folder; a link is not followed. A descriptor that keeps its inode
// from being used again, for csp_release; -1 when it is not.
int csp_hold(const char *path, struct stat *info);
void csp_release(int descriptor);
// Makes a file known that is about to be emptied, so that its room is given back.
void csp_before_emptying(const char *path);

uint64_t csp_now(void);
// Waits until a moment: sleeps, and spins for the last stretch. Returns the time then.
uint64_t csp_pause(uint64_t now, uint64_t until);
// The same, counted under the kind.
void csp_wait(csm_kind kind, uint64_t now, uint64_t until);
// The same for a transfer that this host began at `began` and had done at `now`: of what the device takes from then on, so
// much has passed already.
void csp_wait_rest(csm_kind kind, uint64_t began, uint64_t now, uint64_t until);

#endif
