/* A wall clock that a test sets for one process, without touching the machine's: preloaded before libc.
 *
 * WALLCLOCK_STATE names a file of two 64-bit numbers: nanoseconds to add to CLOCK_REALTIME, and 1 when
 * the clock counts as synchronised. WALLCLOCK_BELL names a FIFO: it stands in for the timerfd that the
 * kernel makes readable when the clock is set; a test writes eight bytes into it. Other clocks are true.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/timerfd.h>
#include <sys/timex.h>
#include <time.h>

struct state {
    volatile int64_t add_ns;
    volatile int64_t synchronised;
};

static const struct state *state;
static int bell = -1;
static int (*true_gettime)(clockid_t, struct timespec *);
static int (*true_settime)(int, int, const struct itimerspec *, struct itimerspec *);
static int (*true_create)(clockid_t, int);

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("WALLCLOCK_STATE");
    int file = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    true_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    true_settime = dlsym(RTLD_NEXT, "timerfd_settime");
    true_create = dlsym(RTLD_NEXT, "timerfd_create");
    void *mapped = mmap(NULL, sizeof *state, PROT_READ, MAP_SHARED, file, 0);
    if (mapped == MAP_FAILED)
        abort();
    state = mapped;
}

int clock_gettime(clockid_t clock, struct timespec *now)
{
    int result = true_gettime(clock, now);
    if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
        int64_t ns = now->tv_sec * 1000000000LL + now->tv_nsec + state->add_ns;
        now->tv_sec = ns / 1000000000LL;
        now->tv_nsec = ns % 1000000000LL;
    }
    return result;
}

int gettimeofday(struct timeval *now, void *zone)
{
    struct timespec ts;
    int result = clock_gettime(CLOCK_REALTIME, &ts);
    (void)zone;
    now->tv_sec = ts.tv_sec;
    now->tv_usec = ts.tv_nsec / 1000;
    return result;
}

time_t time(time_t *out)
{
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    if (out)
        *out = ts.tv_sec;
    return ts.tv_sec;
}

int adjtimex(struct timex *answer)
{
    memset(answer, 0, sizeof *answer);
    answer->status = state->synchronised ? STA_PLL : STA_UNSYNC;
    answer->maxerror = state->synchronised ? 20000 : 16000000;
    return state->synchronised ? TIME_OK : TIME_ERROR;
}

int timerfd_create(clockid_t clock, int flags)
{
    const char *path = getenv("WALLCLOCK_BELL");
    if (clock != CLOCK_REALTIME || path == NULL)
        return true_create(clock, flags);
    bell = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    return bell;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *wanted, struct itimerspec *before)
{
    return fd == bell ? 0 : true_settime(fd, flags, wanted, before);
}
