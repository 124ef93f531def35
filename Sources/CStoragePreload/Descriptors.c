// Which descriptors are modelled, and waiting for the device.
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include "Preload.h"

enum { DESCRIPTORS = 1 << 16 };

// Of this process; a child has a copy, as it has of the descriptors.
static csp_descriptor descriptors[DESCRIPTORS];

csp_descriptor *csp_find(int descriptor) {
    if (csp_segment == NULL || descriptor < 0 || descriptor >= DESCRIPTORS) return NULL;
    return descriptors[descriptor].modelled ? &descriptors[descriptor] : NULL;
}

void csp_forget(int descriptor) {
    csp_descriptor *found = csp_find(descriptor);
    if (found != NULL) *found = (csp_descriptor){0};
}

void csp_copy(int from, int to) {
    if (to < 0 || to >= DESCRIPTORS || csp_segment == NULL) return;
    csp_descriptor *found = csp_find(from);
    if (found != NULL) descriptors[to] = *found;
    else csp_forget(to);
}

// Where a descriptor's file is, links resolved: /proc knows.
static bool is_below(int descriptor) {
    char link[32], path[4096];
    char *end = link + sizeof link;
    *--end = 0;
    for (unsigned rest = (unsigned)descriptor; rest > 0 || end == link + sizeof link - 1; rest /= 10)
        *--end = (char)('0' + rest % 10);
    static const char folder[] = "/proc/self/fd/";
    end -= sizeof folder - 1;
    memcpy(end, folder, sizeof folder - 1);
    ssize_t length = readlink(end, path, sizeof path);
    const char *wanted = csm_get_header(csp_segment)->folder;
    size_t most = strlen(wanted);
    if (length < (ssize_t)most || memcmp(path, wanted, most) != 0) return false;
    return (size_t)length == most || path[most] == '/';
}

bool csp_note_open(int descriptor, int flags) {
    if (descriptor < 0 || csp_segment == NULL) return true;
    if (descriptor >= DESCRIPTORS) {
        if (!is_below(descriptor)) return true;
        csp_get()->close(descriptor);
        errno = EMFILE;
        return false;
    }
    csp_forget(descriptor);
    struct stat info;
    if ((flags & O_PATH) || fstat(descriptor, &info) != 0 || !is_below(descriptor)) return true;
    csp_descriptor noted = {.modelled = 1, .appends = (flags & O_APPEND) != 0};
    if (S_ISREG(info.st_mode)) {
        noted.file = csm_open(csp_segment, info.st_ino, (uint64_t)info.st_size, (flags & O_TRUNC) != 0);
        if (noted.file.generation == 0) csm_note_untracked(csp_segment);
    } else if (!S_ISDIR(info.st_mode)) {
        return true;
    }
    if (flags & O_DIRECT) noted.flags |= CSM_DIRECT;
    if (flags & O_DSYNC) noted.flags |= CSM_SYNC;  // O_SYNC has its bit
    descriptors[descriptor] = noted;
    return true;
}

int csp_hold(const char *path, struct stat *info) {
    if (csp_segment == NULL) return -1;
    int before = errno;
    int descriptor = csp_get()->open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    bool held = descriptor >= 0 && fstat(descriptor, info) == 0 && S_ISREG(info->st_mode) && is_below(descriptor);
    if (!held) csp_release(descriptor);
    errno = before;
    return held ? descriptor : -1;
}

void csp_release(int descriptor) {
    int before = errno;
    if (descriptor >= 0) csp_get()->close(descriptor);
    errno = before;
}

void csp_before_emptying(const char *path) {
    struct stat info;
    int held = csp_hold(path, &info);
    if (held >= 0) csm_open(csp_segment, info.st_ino, (uint64_t)info.st_size, false);
    csp_release(held);
}

// MARK: Waiting

uint64_t csp_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static void sleep_until(uint64_t moment) {
    // The kernel groups wake-ups by 50 us unless asked not to; the server's own sleeps stay as they are.
    int slack = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
    prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
    struct timespec until = {(time_t)(moment / 1000000000u), (long)(moment % 1000000000u)};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == EINTR) {}
    prctl(PR_SET_TIMERSLACK, slack, 0, 0, 0);
}

static inline void relax(void) {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

uint64_t csp_pause(uint64_t now, uint64_t until) {
    if (until <= now) return now;
    int before = errno;
    uint64_t spin = csm_get_spin(csp_segment);
    if (until > now + spin) sleep_until(until - spin);
    uint64_t end = csp_now();
    for (; end < until; end = csp_now()) relax();
    errno = before;
    return end;
}

void csp_wait(csm_kind kind, uint64_t now, uint64_t until) {
    if (until <= now) return;
    uint64_t end = csp_pause(now, until);
    csm_note_wait(csp_segment, kind, until - now, end - until);
}

void csp_wait_rest(csm_kind kind, uint64_t began, uint64_t now, uint64_t until) {
    if (until <= now) return;
    uint64_t spent = now - began, rest = until - now > spent ? until - spent : now;
    uint64_t end = csp_pause(now, rest);
    csm_note_wait(csp_segment, kind, until - now, end - rest);
}
