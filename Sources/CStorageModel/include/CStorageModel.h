// A storage device and the page cache before it, as arithmetic on a segment of memory that processes share.
//
// Nothing here sleeps, opens a file or reads a clock: each call is told the time and says until when its caller has to
// wait. The interposed calls (CStoragePreload) do the waiting; Swift makes the segment, reads it and changes it.
// Times are nanoseconds of CLOCK_MONOTONIC, sizes are bytes, unless the name says otherwise.
#ifndef ARCHIVEBENCH_CSTORAGEMODEL_H
#define ARCHIVEBENCH_CSTORAGEMODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    CSM_VERSION = 1,
    CSM_PAGE = 8192,         // bytes of one page of the cache
    CSM_QUEUE_LIMIT = 128,   // most operations served at once
    CSM_QUANTILES = 4096,    // parts of a latency's table
    CSM_PATH = 512,          // longest path of the modelled folder, with its zero
    CSM_OCTAVE = 64,         // parts of an octave in a histogram: 1.6 %
    CSM_HISTOGRAM = 64 * 32  // places of a histogram: up to 2^38 ns, 4.6 minutes
};

typedef enum { CSM_READ, CSM_WRITE, CSM_FLUSH, CSM_KINDS } csm_kind;

// What the device and the cache are. All of it may be changed while servers run.
typedef struct {
    uint32_t active;            // 0: nothing waits and nothing is full; the cache is followed all the same
    uint32_t queue_depth;       // operations served at once, 1...CSM_QUEUE_LIMIT
    uint32_t read_ahead_pages;  // pages that one operation brings when a file is read in order
    double flush_operations;    // writes that a flush counts as
    double sequential_share;    // of a latency, for an operation that begins where the last one ended
    // Operations and bytes a second: all, reads, writes; 0 for no limit.
    double iops, read_iops, write_iops;
    double bandwidth, read_bandwidth, write_bandwidth;
    uint64_t operation_bytes;   // a larger operation counts as several
    uint64_t burst;             // how long what was not used is kept
    uint64_t capacity;          // bytes; 0 for no limit
    uint64_t cache_pages;       // of the page cache; at most what the segment was made for
    uint64_t dirty_limit;       // pages beyond which a writer waits for write-back
    uint64_t dirty_background;  // pages beyond which write-back begins
    uint64_t dirty_expiry;      // age at which a file's pages are written back anyway
    uint64_t spin;              // the last stretch of a wait, which is not slept
    uint64_t seed;
} csm_parameters;

// What one kind of operation came to.
typedef struct {
    uint64_t calls;        // of the server
    uint64_t bytes;        // of these calls
    uint64_t operations;   // of the device
    uint64_t device_bytes;
    uint64_t sequential;   // of the operations
    uint64_t waits;        // calls that had to wait
    uint64_t wait;         // what they were to wait, summed
    uint64_t late;         // by how much they waited longer, summed
} csm_counts;

typedef struct {
    csm_counts read, write, flush;
    uint64_t hits, misses;      // pages read
    uint64_t pages, dirty;      // in the cache now
    uint64_t evicted;           // pages
    uint64_t throttled;         // writes that waited for write-back
    uint64_t used;              // bytes of the device
    uint64_t refused;           // calls that found it full
    uint64_t files;             // known now
    uint64_t untracked;         // calls on files for which there was no place: modelled without a cache
    uint64_t unmodelled;        // calls that the model cannot cover, such as a file's mapping
    uint64_t recoveries;        // a process was killed inside the model; the cache was emptied
    uint64_t processes;         // that attached, and changes of user or program count
} csm_statistics;

// The fixed beginning of a segment.
typedef struct {
    uint64_t magic;
    uint32_t version;
    uint32_t ready;         // set when the segment may be used
    uint64_t bytes;         // of the whole segment
    uint64_t page_places;   // of the cache
    uint64_t file_places;
    char folder[CSM_PATH];  // what is modelled: files below it
} csm_header;

typedef struct csm_segment csm_segment;

// A file as the model knows it; no file has generation 0.
typedef struct {
    uint32_t place;
    uint32_t generation;
} csm_file;

#define CSM_ALL UINT64_MAX

// How a file was opened, or a call wants it done.
enum {
    CSM_DIRECT = 1,  // past the page cache
    CSM_SYNC = 2     // each write is flushed
};

// MARK: The segment

// Bytes of a segment with so many places.
size_t csm_segment_bytes(uint64_t page_places, uint64_t file_places);
// Makes a segment in zeroed memory of that many bytes. `folder` is an absolute path without links.
void csm_make(csm_segment *segment, uint64_t page_places, uint64_t file_places, const char *folder);
// Whether `bytes` of memory hold a segment of this version.
bool csm_is_valid(const csm_segment *segment, size_t bytes);
const csm_header *csm_get_header(const csm_segment *segment);
// Replaces the parameters.
void csm_set_parameters(csm_segment *segment, const csm_parameters *parameters);
csm_parameters csm_get_parameters(csm_segment *segment);
// Replaces a latency by CSM_QUANTILES + 1 of its quantiles, at shares of 0, 1 / CSM_QUANTILES, … 1.
void csm_set_latency(csm_segment *segment, csm_kind kind, const uint64_t *quantiles);
// Lets go of what the page cache holds and the device has, too: all but dirty pages.
void csm_empty_cache(csm_segment *segment);
// Bytes of the device that are in use, before any server started.
void csm_set_used(csm_segment *segment, uint64_t bytes);
csm_statistics csm_get_statistics(csm_segment *segment);
// How long calls waited that had to, as it was and not as it was meant, by kind: CSM_HISTOGRAM counts.
void csm_get_histogram(csm_segment *segment, csm_kind kind, uint64_t *counts);
// Place of a time in a histogram, and the middle of a place, nanoseconds.
uint32_t csm_histogram_place(uint64_t time);
double csm_histogram_value(uint32_t place);

// MARK: Calls of a server. Each returns the moment until which the caller waits; 0 or a moment passed for none.

// The file of an inode, made known with its size; generation 0 when there is no place.
csm_file csm_open(csm_segment *segment, uint64_t inode, uint64_t size, bool emptied);
uint64_t csm_read(csm_segment *segment, csm_file file, uint64_t offset, uint64_t length, int flags, uint64_t now);
// Room for a write or an allocation that ends at `end`; false when the device is full.
bool csm_reserve(csm_segment *segment, csm_file file, uint64_t end);
// Gives back what of that was not used: the file has so many bytes. Nothing when others grew it meanwhile.
void csm_give_back(csm_segment *segment, csm_file file, uint64_t end, uint64_t size);
uint64_t csm_write(csm_segment *segment, csm_file file, uint64_t offset, uint64_t length, int flags, uint64_t now);
// fsync, fdatasync, in steps: others get their turn at the device in between. `left` is CSM_ALL at first; when it is 0
// the flush is done at the moment returned, else the caller waits and calls again.
uint64_t csm_flush(csm_segment *segment, csm_file file, uint64_t *left, uint64_t now);
// The same for all files: syncfs.
uint64_t csm_flush_all(csm_segment *segment, uint64_t *left, uint64_t now);
// sync_file_range: begins write-back, and waits for what is under way.
uint64_t csm_write_back(
    csm_segment *segment, csm_file file, uint64_t offset, uint64_t length, bool wait, uint64_t now);
// posix_fadvise: reads ahead without waiting; forgets clean pages.
void csm_prefetch(csm_segment *segment, csm_file file, uint64_t offset, uint64_t length, uint64_t now);
void csm_drop(csm_segment *segment, csm_file file, uint64_t offset, uint64_t length);
// ftruncate.
void csm_resize(csm_segment *segment, csm_file file, uint64_t size);
// The last name of an inode of so many bytes went.
void csm_remove(csm_segment *segment, uint64_t inode, uint64_t size);

// Of the parameters; asked for at each wait, so without the lock.
uint64_t csm_get_spin(const csm_segment *segment);
// What came of a wait.
void csm_note_wait(csm_segment *segment, csm_kind kind, uint64_t wait, uint64_t late);
void csm_note_unmodelled(csm_segment *segment);
void csm_note_untracked(csm_segment *segment);
void csm_note_process(csm_segment *segment);

#endif
