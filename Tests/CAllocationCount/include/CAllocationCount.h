// Counts heap allocations of the calling thread, for tests that hold a path to allocating nothing.
#ifndef CALLOCATIONCOUNT_H
#define CALLOCATIONCOUNT_H

// Begins to count on this thread.
void callocation_start(void);
// Ends counting and returns the number of malloc, calloc, realloc and aligned allocations since the start.
long callocation_stop(void);

#endif
