#define _GNU_SOURCE
#include "CBareLoop.h"

#include <errno.h>
#include <libpq-fe.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#define MOST 8
#define EVENTS 64

struct connection {
    PGconn *pg;
    int next;      /* place of the statement to send next */
    int done;      /* statements of the current transaction that were replied to */
    int in_flight; /* statements without their reply */
    int syncs;     /* Syncs without theirs */
    int unsynced;  /* statements since the last Sync */
    int writing;   /* waits for the socket to take more */
    char texts[MOST][24];
};

struct loop {
    const struct bareloop_plan *plan;
    struct bareloop_result *result;
    struct connection *connections;
    int epoll;
    int64_t started; /* transactions */
    int stopped;     /* no new transactions */
    int busy;        /* connections with something in flight */
    uint64_t random;
};

static const char *const names[MOST] = {"s0", "s1", "s2", "s3", "s4", "s5", "s6", "s7"};

static uint64_t clock_ns(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

static uint64_t timeval_ns(struct timeval time) {
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

static int fail(struct loop *loop, const char *what, const char *why) {
    snprintf(loop->result->error, sizeof loop->result->error, "%s: %s", what, why);
    return -1;
}

/* One step of SplitMix64 (Steele, Lea & Flood 2014): neighbouring seeds lead to unlike sequences. Never 0. */
static uint64_t mixed(uint64_t seed) {
    uint64_t z = seed + 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    z ^= z >> 31;
    return z ? z : 1;
}

/* xorshift64* (Vigna 2016), brought into the range by multiplication (Lemire 2019, without the rejection). */
static int64_t draw(struct loop *loop, int place) {
    uint64_t x = loop->random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    loop->random = x;
    uint64_t span = (uint64_t)loop->plan->draw_high[place] - (uint64_t)loop->plan->draw_low[place] + 1;
    uint64_t within = (uint64_t)(((__uint128_t)(x * 0x2545F4914F6CDD1Du) * span) >> 64);
    return loop->plan->draw_low[place] + (int64_t)within;
}

static void print_number(char *text, int64_t value) {
    char digits[24];
    int count = 0;
    uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    do {
        digits[count++] = (char)('0' + rest % 10);
        rest /= 10;
    } while (rest);
    if (value < 0) *text++ = '-';
    while (count) *text++ = digits[--count];
    *text = 0;
}

/* Sends one statement. 1: sent, 0: nothing is left to start, -1: failed. */
static int send_next(struct loop *loop, struct connection *one) {
    const struct bareloop_plan *plan = loop->plan;
    if (one->next == 0) {
        if (loop->stopped || loop->started == plan->transactions) return 0;
        loop->started++;
        for (int i = 0; i < plan->draw_count; i++) print_number(one->texts[i], draw(loop, i));
    }
    const struct bareloop_statement *statement = &plan->statements[one->next];
    const char *values[MOST];
    for (int i = 0; i < statement->parameter_count; i++) values[i] = one->texts[statement->parameters[i]];
    if (!PQsendQueryPrepared(one->pg, names[one->next], statement->parameter_count, values, NULL, NULL, 0))
        return fail(loop, "sending", PQerrorMessage(one->pg));
    one->next = one->next + 1 == plan->statement_count ? 0 : one->next + 1;
    if (one->in_flight++ == 0 && one->syncs == 0) loop->busy++;
    return 1;
}

/* Counts one result and frees it. */
static int take(struct loop *loop, struct connection *one, PGresult *reply) {
    switch (PQresultStatus(reply)) {
    case PGRES_TUPLES_OK:
        loop->result->rows += PQntuples(reply);
        break;
    case PGRES_COMMAND_OK:
        break;
    case PGRES_PIPELINE_SYNC:
        one->syncs--;
        loop->result->syncs++;
        if (one->in_flight == 0 && one->syncs == 0) loop->busy--;
        PQclear(reply);
        return 0;
    default:
        fail(loop, "a statement failed", PQresultErrorMessage(reply));
        PQclear(reply);
        return -1;
    }
    PQclear(reply);
    loop->result->statements++;
    if (++one->done == loop->plan->statement_count) {
        one->done = 0;
        loop->result->transactions++;
    }
    return 0;
}

/* One statement at a time: the reply is over when libpq says so with NULL. */
static int advance_plain(struct loop *loop, struct connection *one) {
    while (one->in_flight && !PQisBusy(one->pg)) {
        PGresult *reply = PQgetResult(one->pg);
        if (reply) {
            if (take(loop, one, reply)) return -1;
            continue;
        }
        one->in_flight = 0;
        loop->busy--;
        if (send_next(loop, one) < 0) return -1;
    }
    return 0;
}

static int watch(struct loop *loop, struct connection *one, int operation, uint32_t events) {
    struct epoll_event event = {.events = events, .data.ptr = one};
    if (epoll_ctl(loop->epoll, operation, PQsocket(one->pg), &event)) return fail(loop, "epoll_ctl", strerror(errno));
    return 0;
}

static int sync_now(struct loop *loop, struct connection *one) {
    if (!PQpipelineSync(one->pg)) return fail(loop, "PQpipelineSync", PQerrorMessage(one->pg));
    one->unsynced = 0;
    one->syncs++;
    return 0;
}

/* Tops the window up, and sees to it that the last statement of all is followed by a Sync. */
static int fill(struct loop *loop, struct connection *one) {
    while (one->in_flight < loop->plan->window) {
        int sent = send_next(loop, one);
        if (sent < 0) return -1;
        if (sent == 0) {
            if (one->unsynced && sync_now(loop, one)) return -1;
            break;
        }
        if (++one->unsynced == loop->plan->sync_every && sync_now(loop, one)) return -1;
    }
    int rest = PQflush(one->pg);
    if (rest < 0) return fail(loop, "PQflush", PQerrorMessage(one->pg));
    if (rest != one->writing) {
        one->writing = rest;
        return watch(loop, one, EPOLL_CTL_MOD, rest ? EPOLLIN | EPOLLOUT : EPOLLIN);
    }
    return 0;
}

static int advance_pipelined(struct loop *loop, struct connection *one) {
    while ((one->in_flight || one->syncs) && !PQisBusy(one->pg)) {
        PGresult *reply = PQgetResult(one->pg);
        if (!reply) continue;
        if (PQresultStatus(reply) != PGRES_PIPELINE_SYNC) one->in_flight--;
        if (take(loop, one, reply)) return -1;
    }
    return fill(loop, one);
}

static int open_one(struct loop *loop, struct connection *one) {
    one->pg = PQconnectdb(loop->plan->conninfo);
    if (PQstatus(one->pg) != CONNECTION_OK) return fail(loop, "connecting", PQerrorMessage(one->pg));
    for (int i = 0; i < loop->plan->statement_count; i++) {
        PGresult *reply = PQprepare(one->pg, names[i], loop->plan->statements[i].text, 0, NULL);
        int good = PQresultStatus(reply) == PGRES_COMMAND_OK;
        PQclear(reply);
        if (!good) return fail(loop, "preparing", PQerrorMessage(one->pg));
    }
    if (loop->plan->window && (PQsetnonblocking(one->pg, 1) || !PQenterPipelineMode(one->pg)))
        return fail(loop, "entering pipeline mode", PQerrorMessage(one->pg));
    return watch(loop, one, EPOLL_CTL_ADD, EPOLLIN);
}

static int turn(struct loop *loop) {
    const struct bareloop_plan *plan = loop->plan;
    uint64_t end = plan->seconds > 0 ? clock_ns(CLOCK_MONOTONIC) + (uint64_t)(plan->seconds * 1e9) : 0;
    for (int i = 0; i < plan->connections; i++) {
        struct connection *one = &loop->connections[i];
        if (plan->window ? fill(loop, one) : send_next(loop, one) < 0) return -1;
    }
    struct epoll_event events[EVENTS];
    while (loop->busy) {
        int count = epoll_wait(loop->epoll, events, EVENTS, -1);
        if (count < 0 && errno != EINTR) return fail(loop, "epoll_wait", strerror(errno));
        if (end && clock_ns(CLOCK_MONOTONIC) >= end) loop->stopped = 1;
        for (int i = 0; i < count; i++) {
            struct connection *one = events[i].data.ptr;
            if (!PQconsumeInput(one->pg)) return fail(loop, "reading", PQerrorMessage(one->pg));
            if (plan->window ? advance_pipelined(loop, one) : advance_plain(loop, one)) return -1;
        }
    }
    return 0;
}

static int measure(struct loop *loop) {
    struct rusage before, after;
    getrusage(RUSAGE_THREAD, &before);
    uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID);
    uint64_t wall = clock_ns(CLOCK_MONOTONIC);
    int code = turn(loop);
    loop->result->wall_ns = clock_ns(CLOCK_MONOTONIC) - wall;
    loop->result->cpu_ns = clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu;
    getrusage(RUSAGE_THREAD, &after);
    loop->result->user_ns = timeval_ns(after.ru_utime) - timeval_ns(before.ru_utime);
    loop->result->system_ns = timeval_ns(after.ru_stime) - timeval_ns(before.ru_stime);
    return code;
}

static int check(struct loop *loop) {
    const struct bareloop_plan *plan = loop->plan;
    if (plan->connections < 1 || plan->statement_count < 1 || plan->statement_count > MOST || plan->draw_count > MOST
        || plan->transactions < 1 || plan->window < 0
        || (plan->window && (plan->sync_every < 1 || plan->sync_every > plan->window)))
        return fail(loop, "plan", "a count is out of range");
    for (int i = 0; i < plan->statement_count; i++) {
        if (plan->statements[i].parameter_count > MOST) return fail(loop, "plan", "too many parameters");
        for (int j = 0; j < plan->statements[i].parameter_count; j++)
            if (plan->statements[i].parameters[j] >= plan->draw_count) return fail(loop, "plan", "no such draw");
    }
    return 0;
}

int bareloop_run(const struct bareloop_plan *plan, struct bareloop_result *result) {
    memset(result, 0, sizeof *result);
    struct loop loop = {.plan = plan, .result = result, .epoll = -1, .random = mixed(plan->seed)};
    if (check(&loop)) return -1;
    loop.connections = calloc((size_t)plan->connections, sizeof *loop.connections);
    if (!loop.connections) return fail(&loop, "calloc", strerror(errno));
    loop.epoll = epoll_create1(EPOLL_CLOEXEC);
    int code = loop.epoll < 0 ? fail(&loop, "epoll_create1", strerror(errno)) : 0;
    for (int i = 0; i < plan->connections && code == 0; i++) code = open_one(&loop, &loop.connections[i]);
    if (code == 0) code = measure(&loop);
    for (int i = 0; i < plan->connections; i++)
        if (loop.connections[i].pg) PQfinish(loop.connections[i].pg);
    if (loop.epoll >= 0) close(loop.epoll);
    free(loop.connections);
    return code;
}
