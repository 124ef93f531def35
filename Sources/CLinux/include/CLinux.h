// The system calls that Swift's Glibc module leaves out, and the ones that C macros hide from it.
// One thin function each; meaning and errors are those of the manual page named beside it.
#ifndef ARCHIVEBENCH_CLINUX_H
#define ARCHIVEBENCH_CLINUX_H

#include <stdint.h>
#include <sys/types.h>

enum {
    CLINUX_READABLE = 0x001,  // EPOLLIN
    CLINUX_WRITABLE = 0x004,  // EPOLLOUT
    CLINUX_ERROR = 0x008,     // EPOLLERR
    CLINUX_HANGUP = 0x010,    // EPOLLHUP
    CLINUX_CLOSING = 0x2000   // EPOLLRDHUP
};
// EPOLLET.
static const uint32_t CLINUX_ONCE = 0x80000000u;

typedef struct {
    uint32_t events;
    uint64_t token;
} clinux_event;

// epoll_create1(2), with EPOLL_CLOEXEC.
int clinux_epoll_create(void);
// epoll_ctl(2): op 1 adds, 2 removes, 3 modifies.
int clinux_epoll_control(int epoll, int op, int descriptor, uint32_t events, uint64_t token);
// epoll_wait(2), level triggered; timeout in milliseconds, -1 waits for ever.
int clinux_epoll_wait(int epoll, clinux_event *events, int capacity, int timeout_ms);

// epoll_pwait2(2), Linux 5.11: the same with a time-out in nanoseconds. -1 with ENOSYS where the kernel has none.
int clinux_epoll_wait_for(int epoll, clinux_event *events, int capacity, uint64_t nanoseconds);
// prctl(2), PR_SET_TIMERSLACK: time-outs of the calling thread are not grouped with others, by 50 us at most otherwise.
void clinux_wake_exactly(void);

// timerfd_create(2) on CLOCK_MONOTONIC, non-blocking.
int clinux_timer_create(void);
// timerfd_settime(2), absolute nanoseconds of CLOCK_MONOTONIC; 0 disarms.
int clinux_timer_set(int timer, uint64_t nanoseconds);

// eventfd(2), non-blocking.
int clinux_event_create(void);

// CLOCK_MONOTONIC in nanoseconds; inline below because it is read once per wake.
uint64_t clinux_monotonic(void);
// CLOCK_THREAD_CPUTIME_ID of the calling thread, in nanoseconds.
uint64_t clinux_thread_cpu(void);

// sched_setaffinity(2) of the calling thread to one processor.
int clinux_pin_to_processor(int processor);
// sched_getaffinity(2): the number of processors the calling process may use.
int clinux_usable_processors(void);

// sched_getaffinity(2) of the calling thread: writes the numbers of at most `capacity` processors, returns how many it may
// use, or -1 with errno.
int clinux_allowed_processors(int *processors, int capacity);
// sched_setaffinity(2) of one thread, 0 for the calling one. -1 with errno.
int clinux_allow_processors(int thread, const int *processors, int count);

// stat(2): the numbers of the device that holds a file; -1 with errno.
int clinux_device_of(const char *path, uint32_t *major_number, uint32_t *minor_number);
// The flag O_DIRECT of open(2), which is hidden from Swift; it differs between processors.
int clinux_direct_flag(void);

// statfs(2): bytes an unprivileged user may still write, and the filesystem's magic number. -1 with errno on failure.
int64_t clinux_free_bytes(const char *path, int64_t *magic);

// Marks a System V shared memory segment for removal if no process is attached (shmctl(2)).
// Returns 1 when removed, 0 when in use or gone.
int clinux_remove_unattached_segment(int identifier);
// Reads `length` bytes at `offset` of an existing segment; 0 on success (shmat(2), read-only).
int clinux_read_segment(int identifier, int offset, void *into, int length);

// Starts a program (posix_spawn(3)) in a session of its own, with no signal blocked or ignored, input from /dev/null and
// output to two descriptors. Returns its number, or -1 with errno.
int clinux_spawn(const char *path, char *const arguments[], char *const environment[], int output, int errors);
// What an ended child used, from wait4(2): CPU in nanoseconds; how it ended as exit status, or minus the signal.
typedef struct {
    int status;
    uint64_t user_ns;
    uint64_t system_ns;
} clinux_child_end;
// Reaps a child if it has ended: 1 ended, 0 still runs, -1 with errno.
int clinux_reap(int process, clinux_child_end *end);
// Brings a line of memory near that will be written soon.
static inline void clinux_prefetch(const void *place) { __builtin_prefetch(place, 1); }
// memfd_create(2): a file without a name, gone when closed.
int clinux_memory_file(void);

#endif
