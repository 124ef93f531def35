// Layout of the segment, and what the model's files share.
#ifndef ARCHIVEBENCH_CSTORAGEMODEL_INTERNAL_H
#define ARCHIVEBENCH_CSTORAGEMODEL_INTERNAL_H

#include <pthread.h>

#include "CStorageModel.h"

#define CSM_MAGIC 0x6c65646f4d627241u
#define CSM_NONE UINT32_MAX

// When a limit takes its next piece. A limit of r a second lets a piece through every 1/r seconds (generic cell rate
// algorithm, ITU-T I.371): one number instead of a bucket that somebody would have to fill.
typedef struct {
    uint64_t next;
} csm_limit;

typedef struct {
    csm_limit operations, kind_operations[2], bytes, kind_bytes[2];
    uint64_t free[CSM_QUEUE_LIMIT];  // when each server of the queue is free
    uint64_t drawn[CSM_KINDS];       // latencies so far
    csm_file last;                   // where the last operation ended
    uint64_t last_end;
} csm_device;

// A page of the cache. Pages are named by their place in the table.
typedef struct {
    uint32_t file;                      // place
    uint32_t number;                    // offset / CSM_PAGE
    uint32_t next_same_hash;
    uint32_t newer, older;              // in the order of use
    uint32_t file_before, file_after;   // among its file's pages, dirty ones first
    uint32_t dirty : 1, ready : 31;     // ready: when it has been read, in units of 2^17 ns
} csm_page;

typedef struct {
    uint64_t inode;
    uint64_t size;
    uint64_t dirtied;        // when the oldest dirty page became so; 0 for none
    uint64_t written;        // when write-back under way ends
    uint64_t read_end;       // where the last read ended
    uint32_t generation;     // of this place; changes when another file takes it
    uint32_t next_same_hash;
    uint32_t first, last;    // of its pages
    uint32_t dirty;          // of its pages
    uint32_t next_free;
} csm_file_entry;

typedef struct {
    uint32_t newest, oldest;
    uint32_t free_pages;     // chain by next_same_hash
    uint32_t unused_pages;   // places never used begin here
    uint32_t free_files;     // chain by next_free
    uint32_t unused_files;
    uint32_t scan;           // where the next file to write back is looked for
    uint32_t expiring;       // there may be files whose pages are too old
    uint64_t next_look;      // when to look for those next
    uint64_t flushed_until;  // the background write-back has been followed to here
    uint64_t backlog_end;    // when write-back that nobody waits for ends,
    uint64_t backlog_start;  // when it began,
    uint64_t backlog_pages;  // and what it was
} csm_cache;

struct csm_segment {
    csm_header header;
    pthread_mutex_t lock;
    csm_parameters parameters;
    csm_statistics statistics;
    csm_device device;
    csm_cache cache;
    uint64_t quantiles[CSM_KINDS][CSM_QUANTILES + 1];
    uint64_t histograms[CSM_KINDS][CSM_HISTOGRAM];  // of waits, as they were
};

// Tables behind the fixed part: files, their hash, pages, their hash.
csm_file_entry *csm_files(csm_segment *segment);
uint32_t *csm_file_hash(csm_segment *segment);
csm_page *csm_pages(csm_segment *segment);
uint32_t *csm_page_hash(csm_segment *segment);

// The lock survives its holder; what it guards is emptied then. False when this thread holds it already.
bool csm_lock(csm_segment *segment);
void csm_unlock(csm_segment *segment);

static inline uint64_t csm_later(uint64_t a, uint64_t b) { return a > b ? a : b; }
static inline uint64_t csm_least(uint64_t a, uint64_t b) { return a < b ? a : b; }

static inline uint64_t csm_mix(uint64_t x) {  // SplitMix64's finaliser (Steele, Lea & Flood 2014)
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

// MARK: Under the lock

// Device: one operation that arrives at `now` and cannot begin before `after`, such as a flush behind its writes. The
// moment at which it is done. It takes its share of the limits when it arrives, so that it holds nobody else up while it
// waits for what it follows.
uint64_t csm_operate(
    csm_segment *s, csm_kind kind, csm_file file, uint64_t offset, uint64_t bytes, uint64_t now, uint64_t after);
// The moment from which an operation of this kind would begin at once.
uint64_t csm_free_at(const csm_segment *s, csm_kind kind);

// Files.
void csm_empty_files(csm_segment *s);
uint32_t csm_find_file(csm_segment *s, uint64_t inode);
uint32_t csm_add_file(csm_segment *s, uint64_t inode);
void csm_forget_file(csm_segment *s, uint32_t place);
// The entry of a file; NULL when it is none, or another took its place.
csm_file_entry *csm_entry(csm_segment *s, csm_file file);

// Pages.
void csm_empty_pages(csm_segment *s);
uint32_t csm_find_page(csm_segment *s, uint32_t file, uint32_t number);
// Brings a page in, as the newest; the place of the least recently used one is taken when the cache is full.
uint32_t csm_add_page(csm_segment *s, uint32_t file, uint32_t number, uint64_t now);
void csm_remove_page(csm_segment *s, uint32_t page);
void csm_use_page(csm_segment *s, uint32_t page);
void csm_set_dirty(csm_segment *s, uint32_t page, bool dirty, uint64_t now);
void csm_shrink(csm_segment *s, uint64_t pages, uint64_t now);

// Write-back.
enum { CSM_BATCH = 64 };  // pages written between two looks at who else wants the device
// Writes a file's dirty pages in a range, at most `limit` and CSM_WRITE_MOST of them, neighbours together; the moment
// all are written. `count` grows by the pages.
enum { CSM_WRITE_MOST = 1024 };
uint64_t csm_write_pages(
    csm_segment *s, uint32_t file, uint32_t first, uint32_t last, uint32_t limit, uint64_t now, uint64_t *count);
// Notes pages that are being written while nobody waits.
void csm_note_backlog(csm_segment *s, uint64_t pages, uint64_t now, uint64_t end);
// A file with dirty pages; CSM_NONE when there is none.
uint32_t csm_dirty_file(csm_segment *s, uint64_t dirtied_before);
// What the kernel's flusher would have done by now.
void csm_background(csm_segment *s, uint64_t now);
// The moment until which a writer waits because too much is dirty; 0 for none.
uint64_t csm_throttle(csm_segment *s, uint64_t now);

#endif
