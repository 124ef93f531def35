// What a server's calls cost, by way of cache and device.
#include "Internal.h"

// MARK: Moments on a page

// In units of 2^17 ns, which come round after three days.
static uint32_t coarse(uint64_t time) { return (uint32_t)(time >> 17) & 0x7fffffffu; }

// When a page that is being read will be there; 0 when it is.
static uint64_t ready_at(const csm_page *page, uint64_t now) {
    uint32_t ahead = (page->ready - coarse(now)) & 0x7fffffffu;
    return ahead > 0 && ahead < 1u << 19 ? now + ((uint64_t)ahead << 17) : 0;  // 69 s at most
}

// MARK: Reading

// Reads the missing pages that begin at `number` in one operation; the number after the last one brought.
static uint32_t bring(
    csm_segment *s, csm_file file, uint32_t number, uint32_t last, uint64_t now, uint64_t *until) {
    uint32_t end = number + 1;
    uint64_t most = csm_later(1, s->parameters.operation_bytes / CSM_PAGE);
    while (end <= last && end - number < most && csm_find_page(s, file.place, end) == CSM_NONE) end++;
    uint64_t bytes = (uint64_t)(end - number) * CSM_PAGE;
    *until = csm_later(*until, csm_operate(s, CSM_READ, file, (uint64_t)number * CSM_PAGE, bytes, now, now));
    for (uint32_t page = number; page < end; page++) {
        uint32_t place = csm_add_page(s, file.place, page, now);
        if (place != CSM_NONE) csm_pages(s)[place].ready = coarse(*until);
    }
    return end;
}

// Last page to bring when one is missing: further on when the file is being read in order.
static uint32_t ahead(const csm_segment *s, const csm_file_entry *entry, uint64_t offset, uint32_t number) {
    uint32_t last = number;
    if (offset > 0 && entry->read_end == offset && s->parameters.read_ahead_pages > 1) {
        uint64_t end = (entry->size + CSM_PAGE - 1) / CSM_PAGE;
        last = (uint32_t)csm_later(number, csm_least(number + s->parameters.read_ahead_pages, end) - 1);
    }
    return last;
}

uint64_t csm_read(csm_segment *s, csm_file file, uint64_t offset, uint64_t length, int flags, uint64_t now) {
    if (length == 0 || !csm_lock(s)) return 0;
    csm_background(s, now);
    csm_file_entry *entry = csm_entry(s, file);
    s->statistics.read.calls++;
    s->statistics.read.bytes += length;
    uint32_t first = (uint32_t)(offset / CSM_PAGE), last = (uint32_t)((offset + length - 1) / CSM_PAGE);
    uint64_t until = 0;
    if (entry == NULL || (flags & CSM_DIRECT)) {
        s->statistics.misses += last - first + 1;
        until = csm_operate(s, CSM_READ, file, offset, length, now, now);
    } else {
        for (uint32_t number = first, brought = first; number <= last; number++) {
            uint32_t page = csm_find_page(s, file.place, number);
            if (number < brought) {
                s->statistics.misses++;
            } else if (page != CSM_NONE) {
                s->statistics.hits++;
                csm_use_page(s, page);
                until = csm_later(until, ready_at(&csm_pages(s)[page], now));
            } else {
                s->statistics.misses++;
                uint32_t end = (uint32_t)csm_later(last, ahead(s, entry, offset, number));
                brought = bring(s, file, number, end, now, &until);
            }
        }
        entry->read_end = offset + length;
    }
    csm_unlock(s);
    return until;
}

void csm_prefetch(csm_segment *s, csm_file file, uint64_t offset, uint64_t length, uint64_t now) {
    if (length == 0 || !csm_lock(s)) return;
    csm_file_entry *entry = csm_entry(s, file);
    if (entry != NULL) {
        uint32_t last = (uint32_t)((offset + length - 1) / CSM_PAGE);
        for (uint32_t number = (uint32_t)(offset / CSM_PAGE); number <= last;) {
            uint64_t until = 0;
            bool there = csm_find_page(s, file.place, number) != CSM_NONE;
            number = there ? number + 1 : bring(s, file, number, last, now, &until);
        }
    }
    csm_unlock(s);
}

void csm_drop(csm_segment *s, csm_file file, uint64_t offset, uint64_t length) {
    if (!csm_lock(s)) return;
    csm_file_entry *entry = csm_entry(s, file);
    if (entry != NULL) {
        uint64_t first = (offset + CSM_PAGE - 1) / CSM_PAGE;
        uint64_t end = length == 0 ? UINT32_MAX : csm_least(UINT32_MAX, (offset + length) / CSM_PAGE);
        csm_page *pages = csm_pages(s);
        for (uint32_t page = entry->first, next; page != CSM_NONE; page = next) {
            next = pages[page].file_after;
            if (!pages[page].dirty && pages[page].number >= first && pages[page].number < end)
                csm_remove_page(s, page);
        }
    }
    csm_unlock(s);
}

// MARK: Writing

// A write that reaches the device before it returns. What lies in the cache is then the same as on the device.
static uint64_t write_through(
    csm_segment *s, csm_file file, bool keeps, uint64_t offset, uint64_t length, int flags, uint64_t now) {
    uint64_t until = csm_operate(s, CSM_WRITE, file, offset, length, now, now);
    if (keeps) {
        uint32_t last = (uint32_t)((offset + length - 1) / CSM_PAGE);
        for (uint32_t number = (uint32_t)(offset / CSM_PAGE); number <= last; number++) {
            uint32_t page = csm_find_page(s, file.place, number);
            if (page != CSM_NONE) csm_set_dirty(s, page, false, now);
            if (page != CSM_NONE && (flags & CSM_DIRECT)) csm_remove_page(s, page);
            if (page == CSM_NONE && !(flags & CSM_DIRECT)) csm_add_page(s, file.place, number, now);
        }
    }
    if (flags & CSM_SYNC) {
        s->statistics.flush.calls++;
        until = csm_operate(s, CSM_FLUSH, file, 0, 0, now, until);
    }
    return until;
}

uint64_t csm_write(csm_segment *s, csm_file file, uint64_t offset, uint64_t length, int flags, uint64_t now) {
    if (length == 0 || !csm_lock(s)) return 0;
    csm_background(s, now);
    csm_file_entry *entry = csm_entry(s, file);
    s->statistics.write.calls++;
    s->statistics.write.bytes += length;
    uint64_t until = 0;
    if (entry == NULL || flags != 0 || s->parameters.cache_pages == 0) {
        until = write_through(s, file, entry != NULL, offset, length, flags, now);
    } else {
        uint32_t last = (uint32_t)((offset + length - 1) / CSM_PAGE);
        for (uint32_t number = (uint32_t)(offset / CSM_PAGE); number <= last; number++) {
            uint32_t page = csm_find_page(s, file.place, number);
            if (page == CSM_NONE) page = csm_add_page(s, file.place, number, now);
            csm_use_page(s, page);
            csm_set_dirty(s, page, true, now);
        }
        until = csm_throttle(s, now);
    }
    csm_unlock(s);
    return until;
}

uint64_t csm_write_back(csm_segment *s, csm_file file, uint64_t offset, uint64_t length, bool wait, uint64_t now) {
    if (!csm_lock(s)) return 0;
    csm_file_entry *entry = csm_entry(s, file);
    uint64_t until = 0;
    if (entry != NULL) {
        uint64_t last = length == 0 ? UINT32_MAX : csm_least(UINT32_MAX, (offset + length - 1) / CSM_PAGE);
        uint64_t count = 0;
        until = csm_write_pages(
            s, file.place, (uint32_t)(offset / CSM_PAGE), (uint32_t)last, CSM_WRITE_MOST, now, &count);
        csm_note_backlog(s, count, now, until);
        if (wait) until = csm_later(until, entry->written);
    }
    csm_unlock(s);
    return wait ? until : 0;
}

// MARK: Flushing

// One step of a flush: some of the pages, and after the last of them the flush itself.
static uint64_t step(csm_segment *s, csm_file file, uint32_t place, uint64_t dirty, uint64_t *left, uint64_t now) {
    if (*left == CSM_ALL) {
        s->statistics.flush.calls++;
        *left = dirty;
    }
    uint64_t until = now, count = 0;
    *left = csm_least(*left, dirty);  // others may have written some meanwhile
    if (place != CSM_NONE && *left > 0)
        until = csm_write_pages(s, place, 0, UINT32_MAX, (uint32_t)csm_least(*left, CSM_BATCH), now, &count);
    *left = count == 0 ? 0 : *left - count;
    if (*left > 0) return until;
    if (place != CSM_NONE) until = csm_later(until, csm_files(s)[place].written);
    return csm_operate(s, CSM_FLUSH, file, 0, 0, now, until);
}

uint64_t csm_flush(csm_segment *s, csm_file file, uint64_t *left, uint64_t now) {
    if (!csm_lock(s)) {
        *left = 0;
        return 0;
    }
    csm_background(s, now);
    csm_file_entry *entry = csm_entry(s, file);
    uint64_t until = step(
        s, file, entry == NULL ? CSM_NONE : file.place, entry == NULL ? 0 : entry->dirty, left, now);
    csm_unlock(s);
    return until;
}

uint64_t csm_flush_all(csm_segment *s, uint64_t *left, uint64_t now) {
    csm_file none = {0};
    if (!csm_lock(s)) {
        *left = 0;
        return 0;
    }
    uint64_t until = step(s, none, csm_dirty_file(s, UINT64_MAX), s->statistics.dirty, left, now);
    csm_unlock(s);
    return until;
}
