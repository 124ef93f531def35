// Write-back: when dirty pages reach the device, and who waits for it.
#include "Internal.h"

// Insertion sort: a file written in order hands its pages over in the reverse order, which the caller turns round.
static void sort(uint32_t *numbers, uint32_t count) {
    for (uint32_t i = 1; i < count; i++) {
        uint32_t value = numbers[i], place = i;
        for (; place > 0 && numbers[place - 1] > value; place--) numbers[place] = numbers[place - 1];
        numbers[place] = value;
    }
}

// The file's dirty pages in a range become clean; their numbers, in order.
static uint32_t take_dirty(
    csm_segment *s, uint32_t file, uint32_t first, uint32_t last, uint32_t limit, uint32_t *numbers) {
    csm_page *pages = csm_pages(s);
    uint32_t count = 0, left = csm_files(s)[file].dirty;
    for (uint32_t page = csm_files(s)[file].first, next; left > 0 && count < limit; page = next, left--) {
        next = pages[page].file_after;
        if (pages[page].number < first || pages[page].number > last) continue;
        numbers[count++] = pages[page].number;
        csm_set_dirty(s, page, false, 0);
    }
    for (uint32_t i = 0; i < count / 2; i++) {
        uint32_t other = numbers[i];
        numbers[i] = numbers[count - 1 - i];
        numbers[count - 1 - i] = other;
    }
    sort(numbers, count);
    return count;
}

uint64_t csm_write_pages(
    csm_segment *s, uint32_t file, uint32_t first, uint32_t last, uint32_t limit, uint64_t now, uint64_t *count) {
    uint32_t numbers[CSM_WRITE_MOST];
    uint32_t found = take_dirty(s, file, first, last, (uint32_t)csm_least(limit, CSM_WRITE_MOST), numbers);
    csm_file_entry *entry = &csm_files(s)[file];
    csm_file name = {file, entry->generation};
    uint64_t most = csm_later(1, s->parameters.operation_bytes / CSM_PAGE), end = now;
    for (uint32_t i = 0, run; i < found; i += run) {
        for (run = 1; i + run < found && run < most && numbers[i + run] == numbers[i] + run;) run++;
        uint64_t offset = (uint64_t)numbers[i] * CSM_PAGE;
        end = csm_later(end, csm_operate(s, CSM_WRITE, name, offset, (uint64_t)run * CSM_PAGE, now, now));
    }
    entry->written = csm_later(entry->written, end);
    *count += found;
    return end;
}

void csm_note_backlog(csm_segment *s, uint64_t pages, uint64_t now, uint64_t end) {
    if (s->cache.backlog_end <= now) {
        s->cache.backlog_start = now;
        s->cache.backlog_pages = 0;
    }
    s->cache.backlog_pages += pages;
    s->cache.backlog_end = csm_later(s->cache.backlog_end, end);
}

// Pages that are being written while nobody waits, taking it that they are written at one pace.
static double backlog(const csm_segment *s, uint64_t now) {
    const csm_cache *c = &s->cache;
    if (c->backlog_end <= now) return 0;
    return (double)c->backlog_pages * (double)(c->backlog_end - now) / (double)(c->backlog_end - c->backlog_start);
}

uint32_t csm_dirty_file(csm_segment *s, uint64_t dirtied_before) {
    const csm_file_entry *files = csm_files(s);
    for (uint32_t tried = 0; tried < s->cache.unused_files; tried++) {
        uint32_t place = (s->cache.scan + tried) % s->cache.unused_files;
        if (files[place].inode == 0 || files[place].dirty == 0 || files[place].dirtied > dirtied_before) continue;
        s->cache.scan = place;
        return place;
    }
    return CSM_NONE;
}

// The file to go on with: any while too much is dirty, else one whose pages are too old.
static uint32_t next_file(csm_segment *s, uint64_t now) {
    const csm_parameters *p = &s->parameters;
    if (s->statistics.dirty > p->dirty_background) return csm_dirty_file(s, UINT64_MAX);
    if (!s->cache.expiring || p->dirty_expiry > now) return CSM_NONE;
    uint32_t file = csm_dirty_file(s, now - p->dirty_expiry);
    s->cache.expiring = file != CSM_NONE;
    return file;
}

void csm_background(csm_segment *s, uint64_t now) {
    if (now >= s->cache.next_look) {
        // Linux wakes its flusher every 5 s (vm.dirty_writeback_centisecs).
        s->cache.next_look = now + 5000000000u;
        s->cache.expiring = s->parameters.dirty_expiry > 0;
    }
    // As often as the device was free since we last looked, but not for ever: the lock is held.
    for (int batch = 0; batch < 16; batch++) {
        uint64_t then = csm_later(s->cache.flushed_until, csm_free_at(s, CSM_WRITE));
        uint32_t file = then > now ? CSM_NONE : next_file(s, now);
        if (file == CSM_NONE) break;
        uint64_t count = 0;
        uint64_t end = csm_write_pages(s, file, 0, UINT32_MAX, CSM_BATCH, then, &count);
        csm_note_backlog(s, count, then, end);
        s->cache.flushed_until = then;
    }
    if (s->statistics.dirty <= s->parameters.dirty_background && !s->cache.expiring) s->cache.flushed_until = now;
}

uint64_t csm_throttle(csm_segment *s, uint64_t now) {
    const csm_parameters *p = &s->parameters;
    double under_way = backlog(s, now), limit = (double)p->dirty_limit;
    if (!p->active || (double)s->statistics.dirty + under_way < limit) return 0;
    uint64_t until = 0, count = 0;
    if (under_way > limit)
        until = now + (uint64_t)((double)(s->cache.backlog_end - now) * (1 - limit / under_way));
    uint32_t file = csm_dirty_file(s, UINT64_MAX);
    if (file != CSM_NONE) until = csm_later(until, csm_write_pages(s, file, 0, UINT32_MAX, CSM_BATCH / 2, now, &count));
    s->statistics.throttled++;
    return until;
}
