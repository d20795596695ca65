/* A disk that is full, for files whose path contains some text: preloaded into a process (LD_PRELOAD), it counts their
   writes and fails them from the n-th on, or the n-th alone. A write that meets the end of the disk is cut short, as a
   file system does it; the next one fails with ENOSPC. */

#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static char watched[256];
static long fails_at; /* 0: never */
static int is_lasting;
static long writes;

/* Begin to count. path: text in the paths of the files that are meant; at: the first write that fails, from 1. */
void fill_disk(const char *path, long at, int lasting) {
    writes = 0;
    fails_at = at;
    is_lasting = lasting;
    strncpy(watched, path, sizeof watched - 1);
}

/* How many writes there were since then. */
long writes_counted(void) { return __atomic_load_n(&writes, __ATOMIC_SEQ_CST); }

enum { ROOM, EDGE, FULL };

static int room_at(const char *path) {
    if (!watched[0] || !strstr(path, watched)) return ROOM;
    long now = __atomic_add_fetch(&writes, 1, __ATOMIC_SEQ_CST);
    if (!fails_at || now < fails_at) return ROOM;
    if (now == fails_at) return is_lasting ? EDGE : FULL;
    return is_lasting ? FULL : ROOM;
}

static int room_for(int descriptor) {
    char link[64], path[4096];
    if (!watched[0]) return ROOM;
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return ROOM;
    path[length] = 0;
    return room_at(path);
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define FAIL return errno = ENOSPC, -1
/* How much of a write fits; leaves the function where nothing does. */
#define FITTING(descriptor, size)                       \
    int room = room_for(descriptor);                    \
    if (room == FULL || (room == EDGE && size < 2)) FAIL; \
    if (room == EDGE) size /= 2;

ssize_t write(int descriptor, const void *data, size_t size) {
    FITTING(descriptor, size)
    return NEXT(write)(descriptor, data, size);
}

ssize_t pwrite(int descriptor, const void *data, size_t size, off_t at) {
    FITTING(descriptor, size)
    return NEXT(pwrite)(descriptor, data, size, at);
}

ssize_t pwrite64(int descriptor, const void *data, size_t size, off64_t at) {
    FITTING(descriptor, size)
    return NEXT(pwrite64)(descriptor, data, size, at);
}

ssize_t writev(int descriptor, const struct iovec *parts, int count) {
    if (room_for(descriptor) != ROOM) FAIL;
    return NEXT(writev)(descriptor, parts, count);
}

ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t at) {
    if (room_for(descriptor) != ROOM) FAIL;
    return NEXT(pwritev)(descriptor, parts, count, at);
}

int fallocate(int descriptor, int mode, off_t at, off_t size) {
    if (room_for(descriptor) != ROOM) FAIL;
    return NEXT(fallocate)(descriptor, mode, at, size);
}

int posix_fallocate(int descriptor, off_t at, off_t size) {
    if (room_for(descriptor) != ROOM) return ENOSPC;
    return NEXT(posix_fallocate)(descriptor, at, size);
}

/* A new name needs room as well. */
#define OPENING(name, ...)                                   \
    mode_t mode = 0;                                         \
    if (flags & (O_CREAT | O_TMPFILE)) {                     \
        va_list more;                                        \
        va_start(more, flags);                               \
        mode = va_arg(more, mode_t);                         \
        va_end(more);                                        \
    }                                                        \
    if ((flags & O_CREAT) && access(path, F_OK) && room_at(path) != ROOM) FAIL; \
    return NEXT(name)(__VA_ARGS__, flags, mode);

int open(const char *path, int flags, ...) { OPENING(open, path) }
int open64(const char *path, int flags, ...) { OPENING(open64, path) }
int openat(int folder, const char *path, int flags, ...) { OPENING(openat, folder, path) }
int openat64(int folder, const char *path, int flags, ...) { OPENING(openat64, folder, path) }
