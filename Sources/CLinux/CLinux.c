#define _GNU_SOURCE
#include "CLinux.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/prctl.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int clinux_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int clinux_epoll_control(int epoll, int op, int descriptor, uint32_t events, uint64_t token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    return epoll_ctl(epoll, op, descriptor, &event);
}

static int hand_over(const struct epoll_event *raw, int count, clinux_event *events) {
    for (int i = 0; i < count; i++) {
        events[i].events = raw[i].events;
        events[i].token = raw[i].data.u64;
    }
    return count;
}

int clinux_epoll_wait(int epoll, clinux_event *events, int capacity, int timeout_ms) {
    struct epoll_event raw[64];
    if (capacity > 64) capacity = 64;
    return hand_over(raw, epoll_wait(epoll, raw, capacity, timeout_ms), events);
}

int clinux_epoll_wait_for(int epoll, clinux_event *events, int capacity, uint64_t nanoseconds) {
#ifdef SYS_epoll_pwait2
    struct epoll_event raw[64];
    struct timespec timeout = {.tv_sec = nanoseconds / 1000000000u, .tv_nsec = nanoseconds % 1000000000u};
    if (capacity > 64) capacity = 64;
    return hand_over(raw, (int)syscall(SYS_epoll_pwait2, epoll, raw, capacity, &timeout, (void *)0, 0), events);
#else
    errno = ENOSYS;
    return -1;
#endif
}

void clinux_wake_exactly(void) { prctl(PR_SET_TIMERSLACK, 1, 0, 0, 0); }

int clinux_timer_create(void) { return timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC); }

int clinux_timer_set(int timer, uint64_t nanoseconds) {
    struct itimerspec spec = {
        .it_value = {.tv_sec = nanoseconds / 1000000000u, .tv_nsec = nanoseconds % 1000000000u}};
    return timerfd_settime(timer, TFD_TIMER_ABSTIME, &spec, 0);
}

int clinux_event_create(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }

static uint64_t read_clock(clockid_t clock) {
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t clinux_monotonic(void) { return read_clock(CLOCK_MONOTONIC); }
uint64_t clinux_thread_cpu(void) { return read_clock(CLOCK_THREAD_CPUTIME_ID); }

int clinux_pin_to_processor(int processor) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(processor, &set);
    return sched_setaffinity(0, sizeof set, &set);
}

int clinux_usable_processors(void) {
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return 1;
    return CPU_COUNT(&set);
}

int clinux_allowed_processors(int *processors, int capacity) {
    cpu_set_t set;
    int found = 0;
    if (sched_getaffinity(0, sizeof set, &set) != 0) return -1;
    for (int i = 0; i < CPU_SETSIZE; i++) {
        if (!CPU_ISSET(i, &set)) continue;
        if (found < capacity) processors[found] = i;
        found++;
    }
    return found;
}

int clinux_allow_processors(int thread, const int *processors, int count) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (int i = 0; i < count; i++) CPU_SET(processors[i], &set);
    return sched_setaffinity(thread, sizeof set, &set);
}

int clinux_device_of(const char *path, uint32_t *major_number, uint32_t *minor_number) {
    struct stat info;
    if (stat(path, &info) != 0) return -1;
    *major_number = major(info.st_dev);
    *minor_number = minor(info.st_dev);
    return 0;
}

int clinux_direct_flag(void) { return O_DIRECT; }

int64_t clinux_free_bytes(const char *path, int64_t *magic) {
    struct statfs info;
    if (statfs(path, &info) != 0) return -1;
    *magic = (int64_t)info.f_type;
    return (int64_t)info.f_bavail * (int64_t)info.f_bsize;
}

int clinux_remove_unattached_segment(int identifier) {
    struct shmid_ds info;
    if (shmctl(identifier, IPC_STAT, &info) != 0 || info.shm_nattch != 0) return 0;
    return shmctl(identifier, IPC_RMID, 0) == 0;
}

int clinux_read_segment(int identifier, int offset, void *into, int length) {
    const char *memory = shmat(identifier, 0, SHM_RDONLY);
    if (memory == (const char *)-1) return -1;
    memcpy(into, memory + offset, (size_t)length);
    shmdt(memory);
    return 0;
}

int clinux_spawn(const char *path, char *const arguments[], char *const environment[], int output, int errors) {
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
    posix_spawn_file_actions_adddup2(&files, output, 1);
    posix_spawn_file_actions_adddup2(&files, errors, 2);
    posix_spawnattr_init(&attributes);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSID);
    pid_t process;
    int code = posix_spawn(&process, path, &files, &attributes, arguments, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&files);
    errno = code;
    return code == 0 ? process : -1;
}

static uint64_t timeval_nanoseconds(struct timeval time) {
    return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_usec * 1000u;
}

int clinux_reap(int process, clinux_child_end *end) {
    struct rusage usage;
    int status;
    pid_t found = wait4(process, &status, WNOHANG, &usage);
    if (found <= 0) return found;
    end->status = WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
    end->user_ns = timeval_nanoseconds(usage.ru_utime);
    end->system_ns = timeval_nanoseconds(usage.ru_stime);
    return 1;
}

int clinux_memory_file(void) { return memfd_create("output", MFD_CLOEXEC); }
