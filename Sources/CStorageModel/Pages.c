// The page cache: which pages are in, in the order of their last use. The least recently used one goes.
#include <string.h>

#include "Internal.h"

void csm_empty_pages(csm_segment *s) {
    memset(csm_page_hash(s), 0xff, s->header.page_places * 4);
    s->cache.newest = s->cache.oldest = s->cache.free_pages = CSM_NONE;
    s->cache.unused_pages = 0;
    s->statistics.pages = s->statistics.dirty = 0;
}

static uint32_t *chain(csm_segment *s, uint32_t file, uint32_t number) {
    return &csm_page_hash(s)[csm_mix(((uint64_t)file << 32) | number) % s->header.page_places];
}

uint32_t csm_find_page(csm_segment *s, uint32_t file, uint32_t number) {
    if (s->header.page_places == 0) return CSM_NONE;
    const csm_page *pages = csm_pages(s);
    uint32_t page = *chain(s, file, number);
    while (page != CSM_NONE && (pages[page].file != file || pages[page].number != number))
        page = pages[page].next_same_hash;
    return page;
}

// MARK: Order of use

static void leave_order(csm_segment *s, uint32_t page) {
    csm_page *pages = csm_pages(s);
    uint32_t newer = pages[page].newer, older = pages[page].older;
    *(newer == CSM_NONE ? &s->cache.newest : &pages[newer].older) = older;
    *(older == CSM_NONE ? &s->cache.oldest : &pages[older].newer) = newer;
}

static void become_newest(csm_segment *s, uint32_t page) {
    csm_page *pages = csm_pages(s);
    pages[page].newer = CSM_NONE;
    pages[page].older = s->cache.newest;
    *(s->cache.newest == CSM_NONE ? &s->cache.oldest : &pages[s->cache.newest].newer) = page;
    s->cache.newest = page;
}

void csm_use_page(csm_segment *s, uint32_t page) {
    if (s->cache.newest == page) return;
    leave_order(s, page);
    become_newest(s, page);
}

// MARK: A file's pages, dirty ones first

static void leave_file(csm_segment *s, uint32_t page) {
    csm_page *pages = csm_pages(s);
    csm_file_entry *file = &csm_files(s)[pages[page].file];
    uint32_t before = pages[page].file_before, after = pages[page].file_after;
    *(before == CSM_NONE ? &file->first : &pages[before].file_after) = after;
    *(after == CSM_NONE ? &file->last : &pages[after].file_before) = before;
}

static void join_file(csm_segment *s, uint32_t page, bool first) {
    csm_page *pages = csm_pages(s);
    csm_file_entry *file = &csm_files(s)[pages[page].file];
    pages[page].file_before = first ? CSM_NONE : file->last;
    pages[page].file_after = first ? file->first : CSM_NONE;
    if (file->first == CSM_NONE) {
        file->first = file->last = page;
    } else if (first) {
        pages[file->first].file_before = page;
        file->first = page;
    } else {
        pages[file->last].file_after = page;
        file->last = page;
    }
}

void csm_set_dirty(csm_segment *s, uint32_t page, bool dirty, uint64_t now) {
    csm_page *pages = csm_pages(s);
    csm_file_entry *file = &csm_files(s)[pages[page].file];
    if (pages[page].dirty == dirty) return;
    leave_file(s, page);
    pages[page].dirty = dirty;
    join_file(s, page, dirty);
    if (dirty) {
        if (file->dirty++ == 0) file->dirtied = now;
        s->statistics.dirty++;
    } else {
        if (--file->dirty == 0) file->dirtied = 0;
        s->statistics.dirty--;
    }
}

// MARK: Coming and going

void csm_remove_page(csm_segment *s, uint32_t page) {
    csm_page *pages = csm_pages(s);
    csm_set_dirty(s, page, false, 0);
    leave_file(s, page);
    leave_order(s, page);
    uint32_t *link = chain(s, pages[page].file, pages[page].number);
    while (*link != page) link = &pages[*link].next_same_hash;
    *link = pages[page].next_same_hash;
    pages[page].next_same_hash = s->cache.free_pages;
    s->cache.free_pages = page;
    s->statistics.pages--;
}

// The oldest page goes, or a clean one that is nearly as old; a dirty one is written first.
static void evict(csm_segment *s, uint64_t now) {
    csm_page *pages = csm_pages(s);
    uint32_t page = s->cache.oldest;
    for (int tries = 0; tries < 32 && page != CSM_NONE && pages[page].dirty; tries++) page = pages[page].newer;
    if (page == CSM_NONE || pages[page].dirty) {
        page = s->cache.oldest;
        uint64_t count = 0;
        uint32_t number = pages[page].number;
        uint64_t end = csm_write_pages(s, pages[page].file, number, number, 1, now, &count);
        csm_note_backlog(s, count, now, end);
    }
    csm_remove_page(s, page);
    s->statistics.evicted++;
}

void csm_shrink(csm_segment *s, uint64_t pages, uint64_t now) {
    while (s->statistics.pages > pages) evict(s, now);
}

uint32_t csm_add_page(csm_segment *s, uint32_t file, uint32_t number, uint64_t now) {
    if (s->parameters.cache_pages == 0) return CSM_NONE;
    csm_shrink(s, s->parameters.cache_pages - 1, now);
    csm_page *pages = csm_pages(s);
    uint32_t page = s->cache.free_pages;
    if (page != CSM_NONE) s->cache.free_pages = pages[page].next_same_hash;
    else page = s->cache.unused_pages++;
    uint32_t *head = chain(s, file, number);
    pages[page] = (csm_page){.file = file, .number = number, .next_same_hash = *head};
    *head = page;
    become_newest(s, page);
    join_file(s, page, false);
    s->statistics.pages++;
    return page;
}

void csm_empty_cache(csm_segment *s) {
    if (!csm_lock(s)) return;
    for (uint32_t page = s->cache.oldest; page != CSM_NONE;) {
        uint32_t newer = csm_pages(s)[page].newer;
        if (!csm_pages(s)[page].dirty) csm_remove_page(s, page);
        page = newer;
    }
    csm_unlock(s);
}
