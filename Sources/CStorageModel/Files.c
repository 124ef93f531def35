// The files that servers opened, by inode: a WAL file keeps its pages when it is renamed.
#include <string.h>

#include "Internal.h"

void csm_empty_files(csm_segment *s) {
    memset(csm_file_hash(s), 0xff, s->header.file_places * 4);
    s->cache.free_files = CSM_NONE;
    s->cache.unused_files = 0;
    s->statistics.files = 0;
}

static uint32_t *chain(csm_segment *s, uint64_t inode) {
    return &csm_file_hash(s)[csm_mix(inode) % s->header.file_places];
}

uint32_t csm_find_file(csm_segment *s, uint64_t inode) {
    csm_file_entry *files = csm_files(s);
    uint32_t place = *chain(s, inode);
    while (place != CSM_NONE && files[place].inode != inode) place = files[place].next_same_hash;
    return place;
}

uint32_t csm_add_file(csm_segment *s, uint64_t inode) {
    csm_file_entry *files = csm_files(s);
    uint32_t place = s->cache.free_files;
    if (place != CSM_NONE) {
        s->cache.free_files = files[place].next_free;
    } else {
        if (s->cache.unused_files == s->header.file_places) return CSM_NONE;
        place = s->cache.unused_files++;
    }
    uint32_t generation = files[place].generation + 1;
    files[place] = (csm_file_entry){
        .inode = inode, .generation = generation == 0 ? 1 : generation, .first = CSM_NONE, .last = CSM_NONE};
    uint32_t *head = chain(s, inode);
    files[place].next_same_hash = *head;
    *head = place;
    s->statistics.files++;
    return place;
}

void csm_forget_file(csm_segment *s, uint32_t place) {
    csm_file_entry *files = csm_files(s);
    while (files[place].first != CSM_NONE) csm_remove_page(s, files[place].first);
    uint32_t *link = chain(s, files[place].inode);
    while (*link != place) link = &files[*link].next_same_hash;
    *link = files[place].next_same_hash;
    uint32_t generation = files[place].generation + 1;
    files[place] = (csm_file_entry){.generation = generation, .next_free = s->cache.free_files};
    s->cache.free_files = place;
    s->statistics.files--;
}

csm_file_entry *csm_entry(csm_segment *s, csm_file file) {
    if (file.generation == 0 || file.place >= s->header.file_places) return NULL;
    csm_file_entry *entry = &csm_files(s)[file.place];
    return entry->inode != 0 && entry->generation == file.generation ? entry : NULL;
}

// MARK: Sizes and room

// What a size takes up of a device, in blocks of 4 kB.
static uint64_t blocks(uint64_t size) { return (size + 4095) & ~4095ull; }

static void resize(csm_segment *s, csm_file_entry *entry, uint64_t size) {
    uint64_t freed = blocks(entry->size), taken = blocks(size);
    s->statistics.used = csm_later(s->statistics.used + taken, freed) - freed;
    entry->size = size;
}

static void drop_pages(csm_segment *s, csm_file_entry *entry, uint32_t first) {
    csm_page *pages = csm_pages(s);
    for (uint32_t page = entry->first, next; page != CSM_NONE; page = next) {
        next = pages[page].file_after;
        if (pages[page].number >= first) csm_remove_page(s, page);
    }
}

csm_file csm_open(csm_segment *s, uint64_t inode, uint64_t size, bool emptied) {
    csm_file file = {0};
    if (!csm_lock(s)) return file;
    uint32_t place = csm_find_file(s, inode);
    if (place == CSM_NONE) {
        place = csm_add_file(s, inode);
        if (place != CSM_NONE) csm_files(s)[place].size = size;
    } else if (emptied) {
        drop_pages(s, &csm_files(s)[place], 0);
        resize(s, &csm_files(s)[place], 0);
    } else if (size > csm_files(s)[place].size) {
        resize(s, &csm_files(s)[place], size);
    }
    if (place != CSM_NONE) file = (csm_file){place, csm_files(s)[place].generation};
    csm_unlock(s);
    return file;
}

bool csm_reserve(csm_segment *s, csm_file file, uint64_t end) {
    if (!csm_lock(s)) return true;
    csm_file_entry *entry = csm_entry(s, file);
    bool fits = true;
    if (entry != NULL && end > entry->size) {
        const csm_parameters *p = &s->parameters;
        uint64_t after = s->statistics.used + blocks(end) - blocks(entry->size);
        fits = !p->active || p->capacity == 0 || after <= p->capacity || blocks(end) == blocks(entry->size);
        if (fits) resize(s, entry, end);
        else s->statistics.refused++;
    }
    csm_unlock(s);
    return fits;
}

void csm_give_back(csm_segment *s, csm_file file, uint64_t end, uint64_t size) {
    if (!csm_lock(s)) return;
    csm_file_entry *entry = csm_entry(s, file);
    if (entry != NULL && entry->size == end && size < end) resize(s, entry, size);
    csm_unlock(s);
}

void csm_resize(csm_segment *s, csm_file file, uint64_t size) {
    if (!csm_lock(s)) return;
    csm_file_entry *entry = csm_entry(s, file);
    if (entry != NULL) {
        drop_pages(s, entry, (uint32_t)((size + CSM_PAGE - 1) / CSM_PAGE));
        resize(s, entry, size);
    }
    csm_unlock(s);
}

void csm_remove(csm_segment *s, uint64_t inode, uint64_t size) {
    if (!csm_lock(s)) return;
    uint32_t place = csm_find_file(s, inode);
    if (place != CSM_NONE) {
        resize(s, &csm_files(s)[place], 0);
        csm_forget_file(s, place);
    } else {
        s->statistics.used = csm_later(s->statistics.used, blocks(size)) - blocks(size);
    }
    csm_unlock(s);
}
