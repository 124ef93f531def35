// The segment: its making, its lock, and the copies of parameters and statistics that Swift takes.
#define _GNU_SOURCE
#include <errno.h>
#include <string.h>

#include "Internal.h"

static size_t table(size_t bytes) { return (bytes + 63) / 64 * 64; }

size_t csm_segment_bytes(uint64_t page_places, uint64_t file_places) {
    return table(sizeof(csm_segment)) + table(file_places * sizeof(csm_file_entry)) + table(file_places * 4)
        + table(page_places * sizeof(csm_page)) + table(page_places * 4);
}

csm_file_entry *csm_files(csm_segment *s) { return (csm_file_entry *)((char *)s + table(sizeof(csm_segment))); }

uint32_t *csm_file_hash(csm_segment *s) {
    return (uint32_t *)((char *)csm_files(s) + table(s->header.file_places * sizeof(csm_file_entry)));
}

csm_page *csm_pages(csm_segment *s) {
    return (csm_page *)((char *)csm_file_hash(s) + table(s->header.file_places * 4));
}

uint32_t *csm_page_hash(csm_segment *s) {
    return (uint32_t *)((char *)csm_pages(s) + table(s->header.page_places * sizeof(csm_page)));
}

void csm_make(csm_segment *s, uint64_t page_places, uint64_t file_places, const char *folder) {
    s->header.magic = CSM_MAGIC;
    s->header.version = CSM_VERSION;
    s->header.bytes = csm_segment_bytes(page_places, file_places);
    s->header.page_places = page_places;
    s->header.file_places = file_places;
    strncpy(s->header.folder, folder, CSM_PATH - 1);
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ERRORCHECK);
    pthread_mutex_init(&s->lock, &attributes);
    pthread_mutexattr_destroy(&attributes);
    s->parameters.queue_depth = 1;
    s->parameters.operation_bytes = 256 << 10;
    s->parameters.sequential_share = 1;
    s->parameters.cache_pages = s->parameters.dirty_limit = s->parameters.dirty_background = page_places;
    csm_empty_files(s);
    csm_empty_pages(s);
    __atomic_store_n(&s->header.ready, 1, __ATOMIC_RELEASE);
}

bool csm_is_valid(const csm_segment *s, size_t bytes) {
    return bytes >= sizeof(csm_segment) && s->header.magic == CSM_MAGIC && s->header.version == CSM_VERSION
        && s->header.bytes == bytes && __atomic_load_n(&s->header.ready, __ATOMIC_ACQUIRE) == 1;
}

const csm_header *csm_get_header(const csm_segment *s) { return &s->header; }

// A process that was killed inside may have left half a list. All of it is forgotten: files become known again when they
// are opened, as a server does that restarts after such a kill, and what the device holds is kept.
static void recover(csm_segment *s) {
    for (uint64_t place = 0; place < s->header.file_places; place++) csm_files(s)[place].inode = 0;
    csm_empty_files(s);
    csm_empty_pages(s);
    s->statistics.recoveries++;
}

bool csm_lock(csm_segment *s) {
    int outcome = pthread_mutex_lock(&s->lock);
    if (outcome == EOWNERDEAD) {
        recover(s);
        pthread_mutex_consistent(&s->lock);
        outcome = 0;
    }
    return outcome == 0;
}

void csm_unlock(csm_segment *s) { pthread_mutex_unlock(&s->lock); }

void csm_set_parameters(csm_segment *s, const csm_parameters *parameters) {
    if (!csm_lock(s)) return;
    s->parameters = *parameters;
    csm_parameters *p = &s->parameters;
    p->queue_depth = (uint32_t)csm_later(1, csm_least(p->queue_depth, CSM_QUEUE_LIMIT));
    p->operation_bytes = csm_later(p->operation_bytes, 512);
    p->cache_pages = csm_least(p->cache_pages, s->header.page_places);
    csm_shrink(s, p->cache_pages, s->cache.flushed_until);
    csm_unlock(s);
}

csm_parameters csm_get_parameters(csm_segment *s) {
    csm_parameters copy = {0};
    if (!csm_lock(s)) return copy;
    copy = s->parameters;
    csm_unlock(s);
    return copy;
}

void csm_set_latency(csm_segment *s, csm_kind kind, const uint64_t *quantiles) {
    if (!csm_lock(s)) return;
    memcpy(s->quantiles[kind], quantiles, sizeof s->quantiles[kind]);
    csm_unlock(s);
}

void csm_set_used(csm_segment *s, uint64_t bytes) {
    if (!csm_lock(s)) return;
    s->statistics.used = bytes;
    csm_unlock(s);
}

csm_statistics csm_get_statistics(csm_segment *s) {
    csm_statistics copy = {0};
    if (!csm_lock(s)) return copy;
    copy = s->statistics;
    csm_unlock(s);
    return copy;
}

void csm_get_histogram(csm_segment *s, csm_kind kind, uint64_t *counts) {
    if (!csm_lock(s)) return;
    memcpy(counts, s->histograms[kind], sizeof s->histograms[kind]);
    csm_unlock(s);
}

static csm_counts *counts(csm_segment *s, csm_kind kind) {
    return kind == CSM_READ ? &s->statistics.read : kind == CSM_WRITE ? &s->statistics.write : &s->statistics.flush;
}

// Sums by themselves, so that a wait's end takes no lock.
static void add(uint64_t *sum, uint64_t value) { __atomic_fetch_add(sum, value, __ATOMIC_RELAXED); }

void csm_note_wait(csm_segment *s, csm_kind kind, uint64_t wait, uint64_t late) {
    add(&counts(s, kind)->waits, 1);
    add(&counts(s, kind)->wait, wait);
    add(&counts(s, kind)->late, late);
    add(&s->histograms[kind][csm_histogram_place(wait + late)], 1);
}

uint64_t csm_get_spin(const csm_segment *s) { return __atomic_load_n(&s->parameters.spin, __ATOMIC_RELAXED); }

void csm_note_unmodelled(csm_segment *s) { add(&s->statistics.unmodelled, 1); }
void csm_note_untracked(csm_segment *s) { add(&s->statistics.untracked, 1); }
void csm_note_process(csm_segment *s) { add(&s->statistics.processes, 1); }
