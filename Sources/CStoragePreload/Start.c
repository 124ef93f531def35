// Begins when a program is loaded: finds the next library's functions and the segment.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "CStoragePreload.h"
#include "Preload.h"

// Swift's driver links every library with Swift's runtime. This note, in the place where it looks for what a module
// asks the linker, comes before that: a library that nobody uses is left out. A test reads what the result needs.
__asm__(".section .swift1_autolink_entries,\"e\"\n.asciz \"-Wl,--as-needed\"\n.text\n");

csp_functions csp_next;
csm_segment *csp_segment;

// Without its segment the model would be silently absent.
static void fail(const char *what, const char *path) {
    const char *words[] = {"storage model: ", what, " ", path, ": ", strerror(errno), "\n"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        ssize_t written = csp_next.write(2, words[i], strlen(words[i]));
        if (written < 0) break;
    }
    _exit(70);
}

#define FIND(name) *(void **)&csp_next.name = dlsym(RTLD_NEXT, #name)

static void find_next(void) {
    FIND(open); FIND(openat); FIND(close); FIND(fopen); FIND(fclose); FIND(dup); FIND(dup2); FIND(dup3); FIND(fcntl);
    FIND(read); FIND(pread); FIND(readv); FIND(preadv); FIND(preadv2);
    FIND(write); FIND(pwrite); FIND(writev); FIND(pwritev); FIND(pwritev2);
    FIND(fsync); FIND(fdatasync); FIND(syncfs); FIND(sync_file_range);
    FIND(posix_fallocate); FIND(fallocate); FIND(posix_fadvise); FIND(ftruncate); FIND(truncate);
    FIND(unlink); FIND(rename); FIND(copy_file_range); FIND(mmap);
}

static void attach(const char *path) {
    int descriptor = csp_next.open(path, O_RDWR | O_CLOEXEC);
    struct stat info;
    if (descriptor < 0 || fstat(descriptor, &info) != 0) fail("cannot open", path);
    void *memory = csp_next.mmap(NULL, (size_t)info.st_size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0);
    if (memory == MAP_FAILED) fail("cannot map", path);
    csp_next.close(descriptor);
    errno = EINVAL;
    if (!csm_is_valid(memory, (size_t)info.st_size)) fail("is of another version", path);
    csp_segment = memory;
    csm_note_process(csp_segment);
}

__attribute__((constructor)) void csp_start(void) {
    if (csp_next.mmap != NULL) return;
    find_next();
    const char *path = getenv(CSM_VARIABLE);
    if (path != NULL) attach(path);
}
