// The device: latencies, limits, queue. Time is virtual: an operation's end is known when it arrives, so nobody holds a
// place in the queue who could be killed with it.
#include "Internal.h"

// Takes `cost` nanoseconds' worth of a limit; when the taker may begin. What was not used is kept for `burst`.
static uint64_t take(csm_limit *limit, uint64_t now, double cost, uint64_t burst) {
    uint64_t kept = now > burst ? now - burst : 0;
    uint64_t begin = csm_later(limit->next, kept);
    limit->next = begin + (uint64_t)cost;
    return csm_later(begin, now);
}

// A latency by inversion of its distribution, with a random number that only seed, kind and count decide.
static uint64_t draw(csm_segment *s, csm_kind kind) {
    uint64_t number = s->device.drawn[kind]++;
    uint64_t random = csm_mix(csm_mix(s->parameters.seed ^ ((uint64_t)(kind + 1) << 56)) + number * 0x9e3779b97f4a7c15u);
    double place = (double)(random >> 11) * 0x1p-53 * (double)CSM_QUANTILES;
    uint32_t below = (uint32_t)place;
    const uint64_t *table = s->quantiles[kind];
    return table[below] + (uint64_t)((place - below) * (double)(table[below + 1] - table[below]));
}

uint32_t csm_histogram_place(uint64_t value) {
    if (value < CSM_OCTAVE) return (uint32_t)value;
    uint32_t octave = 63 - (uint32_t)__builtin_clzll(value) - 6;  // 2^6 is CSM_OCTAVE
    uint32_t place = (octave + 1) * CSM_OCTAVE + (uint32_t)((value >> octave) - CSM_OCTAVE);
    return place < CSM_HISTOGRAM ? place : CSM_HISTOGRAM - 1;
}

double csm_histogram_value(uint32_t place) {
    if (place < CSM_OCTAVE) return place;
    uint32_t octave = place / CSM_OCTAVE - 1;
    return ((double)(place % CSM_OCTAVE + CSM_OCTAVE) + 0.5) * (double)(1ull << octave) - 0.5;
}

// When the limits of operations and bytes let this one begin; `end` is when its bytes have passed.
static uint64_t pass_limits(
    csm_segment *s, csm_kind kind, double operations, uint64_t bytes, uint64_t now, uint64_t *end) {
    const csm_parameters *p = &s->parameters;
    csm_device *d = &s->device;
    int side = kind == CSM_READ ? 0 : 1;
    double rates[2] = {p->iops, side == 0 ? p->read_iops : p->write_iops};
    double widths[2] = {p->bandwidth, side == 0 ? p->read_bandwidth : p->write_bandwidth};
    csm_limit *counted[2] = {&d->operations, &d->kind_operations[side]};
    csm_limit *weighed[2] = {&d->bytes, &d->kind_bytes[side]};
    uint64_t begin = now;
    for (int i = 0; i < 2; i++) {
        if (rates[i] > 0 && operations > 0)
            begin = csm_later(begin, take(counted[i], now, operations * 1e9 / rates[i], p->burst));
        if (widths[i] > 0 && bytes > 0) {
            begin = csm_later(begin, take(weighed[i], now, (double)bytes * 1e9 / widths[i], p->burst));
            *end = csm_later(*end, weighed[i]->next);
        }
    }
    return begin;
}

static uint32_t first_free(const csm_device *d, uint32_t depth) {
    uint32_t found = 0;
    for (uint32_t i = 1; i < depth; i++)
        if (d->free[i] < d->free[found]) found = i;
    return found;
}

// The place in the queue for an operation that may begin at `begin`: the one that was busy last, so that those which have
// been free for longer stay so for whoever comes before `begin`; else the one that is free first.
static uint32_t best_free(const csm_device *d, uint32_t depth, uint64_t begin) {
    uint32_t found = first_free(d, depth);
    for (uint32_t i = 0; i < depth; i++)
        if (d->free[i] <= begin && d->free[i] > d->free[found]) found = i;
    return found;
}

static bool follows_last(const csm_device *d, csm_file file, uint64_t offset) {
    return file.generation != 0 && d->last.place == file.place && d->last.generation == file.generation
        && d->last_end == offset;
}

uint64_t csm_operate(
    csm_segment *s, csm_kind kind, csm_file file, uint64_t offset, uint64_t bytes, uint64_t now, uint64_t after) {
    const csm_parameters *p = &s->parameters;
    csm_device *d = &s->device;
    csm_counts *counts = kind == CSM_READ ? &s->statistics.read
        : kind == CSM_WRITE               ? &s->statistics.write
                                          : &s->statistics.flush;
    counts->operations++;
    counts->device_bytes += bytes;
    bool sequential = kind != CSM_FLUSH && follows_last(d, file, offset);
    if (sequential) counts->sequential++;
    if (kind != CSM_FLUSH) {
        d->last = file;
        d->last_end = offset + bytes;
    }
    if (!p->active) return csm_later(now, after);
    double operations = kind == CSM_FLUSH
        ? p->flush_operations
        : (double)((bytes + p->operation_bytes - 1) / p->operation_bytes);
    uint64_t end = now;
    uint64_t begin = csm_later(after, pass_limits(s, kind, operations, bytes, now, &end));
    uint32_t server = best_free(d, p->queue_depth, begin);
    begin = csm_later(begin, d->free[server]);
    uint64_t latency = draw(s, kind);
    if (sequential) latency = (uint64_t)((double)latency * p->sequential_share);
    end = csm_later(end, begin + latency);
    d->free[server] = end;
    return end;
}

uint64_t csm_free_at(const csm_segment *s, csm_kind kind) {
    const csm_device *d = &s->device;
    int side = kind == CSM_READ ? 0 : 1;
    uint64_t limits = csm_later(
        csm_later(d->operations.next, d->kind_operations[side].next),
        csm_later(d->bytes.next, d->kind_bytes[side].next));
    return csm_later(limits, d->free[first_free(d, s->parameters.queue_depth)]);
}
