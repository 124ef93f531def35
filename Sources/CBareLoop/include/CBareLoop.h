#ifndef ARCHIVEBENCH_CBARELOOP_H
#define ARCHIVEBENCH_CBARELOOP_H
#include <stdint.h>

/* The least that a program can do with libpq and epoll, on one thread and as a closed loop: no schedule, no histogram, no
 * clock per operation. What it reaches is what libpq and the kernel allow. */

struct bareloop_statement {
    const char *text;      /* with $1, $2, ... */
    int parameter_count;   /* at most 8 */
    int parameters[8];     /* places in the draws */
};

struct bareloop_plan {
    const char *conninfo;  /* libpq's connection string */
    int connections;
    const struct bareloop_statement *statements; /* one transaction: sent in this order */
    int statement_count;
    const int64_t *draw_low;  /* integers drawn anew for each transaction, from low to high inclusive */
    const int64_t *draw_high;
    int draw_count;           /* at most 8 */
    int64_t transactions;     /* to be completed by all connections together */
    double seconds;           /* start nothing after so long; 0 is no limit */
    int window;               /* statements in flight on each connection; 0 is no pipelining */
    int sync_every;           /* statements from one Sync to the next, when pipelined */
    uint64_t seed;
};

struct bareloop_result {
    int64_t transactions; /* completed */
    int64_t statements;   /* replied to */
    int64_t rows;         /* received */
    int64_t syncs;
    uint64_t wall_ns;     /* of the loop alone: connections are open and statements prepared before it */
    uint64_t cpu_ns;      /* of the thread, likewise */
    uint64_t user_ns;     /* the kernel's split of it, coarse */
    uint64_t system_ns;
    char error[512];      /* empty when all went well */
};

/* 0, or -1 with result->error set. Blocks the calling thread; opens and closes its own connections. */
int bareloop_run(const struct bareloop_plan *plan, struct bareloop_result *result);

#endif
