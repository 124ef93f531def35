// Takes the place of glibc's allocation functions in the test program and passes every call on.
#include "CAllocationCount.h"

#include <errno.h>
#include <stddef.h>

extern void *__libc_malloc(size_t);
extern void *__libc_calloc(size_t, size_t);
extern void *__libc_realloc(void *, size_t);
extern void *__libc_memalign(size_t, size_t);

static __thread int counting;
static __thread long count;

void callocation_start(void) {
    count = 0;
    counting = 1;
}

long callocation_stop(void) {
    counting = 0;
    return count;
}

void *malloc(size_t size) {
    count += counting;
    return __libc_malloc(size);
}

void *calloc(size_t number, size_t size) {
    count += counting;
    return __libc_calloc(number, size);
}

void *realloc(void *old, size_t size) {
    count += counting;
    return __libc_realloc(old, size);
}

void *memalign(size_t alignment, size_t size) {
    count += counting;
    return __libc_memalign(alignment, size);
}

void *aligned_alloc(size_t alignment, size_t size) { return memalign(alignment, size); }

int posix_memalign(void **result, size_t alignment, size_t size) {
    void *memory = memalign(alignment, size);
    if (!memory) return ENOMEM;
    *result = memory;
    return 0;
}
