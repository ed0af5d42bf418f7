/* Writes down what a program does to the files of one folder, in order, and lets its disk be slow.

   Preloaded (LD_PRELOAD) into an edge; not into its children. What a program may rely on after a power cut
   is decided later, in disk.py, from this journal alone.

   DISK_FOLDER    what is watched, without symbolic links in its name
   DISK_JOURNAL   a file that records are appended to; see `struct record`
   DISK_SLOW      a file with milliseconds that each fsync and fdatasync takes longer; may be empty */

#define _GNU_SOURCE
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

struct __attribute__((packed)) record {
    char kind;           /* Create, Truncate, Write, Sync, Dirsync, Rename, Unlink, Mkdir */
    uint64_t inode;      /* of a file: C T W S */
    uint64_t at;         /* T: size. W: offset. S D: how many records there were when it began */
    uint16_t path_size;  /* bytes that follow: a path (C D R U M) ... */
    uint32_t data_size;  /* ... and data: the bytes of W, the new path of R */
};

static const char *folder, *slow;
static int journal = -1;
static uint64_t records;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER; /* an act and its record are one */

__attribute__((constructor)) static void begin(void)
{
    const char *path = getenv("DISK_JOURNAL");
    folder = getenv("DISK_FOLDER");
    slow = getenv("DISK_SLOW");
    unsetenv("LD_PRELOAD"); /* the broker's files do not matter */
    if (folder && path)
        journal = syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static int watched(const char *path)
{
    size_t size = folder ? strlen(folder) : 0;
    return journal >= 0 && path && strncmp(path, folder, size) == 0 && (path[size] == '/' || path[size] == 0);
}

/* Whether a descriptor is of the folder; its path and what stat says of it. */
static int is_watched(int fd, char path[PATH_MAX], struct stat *about)
{
    char link[32];
    if (journal < 0 || fd < 0)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, PATH_MAX - 1);
    if (size < 0)
        return 0;
    path[size] = 0;
    return watched(path) && fstat(fd, about) == 0;
}

static void note(char kind, uint64_t inode, uint64_t at, const char *path, const void *data, size_t size)
{
    struct record head = {kind, inode, at, strlen(path), size};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)path, head.path_size}, {(void *)data, size}};
    records++;
    if (syscall(SYS_writev, journal, parts, 3) != (long)(sizeof head + head.path_size + size))
        abort(); /* a journal with holes would prove anything */
}

int open(const char *path, int flags, ...)
{
    char real[PATH_MAX];
    struct stat about;
    va_list rest;
    va_start(rest, flags);
    int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0;
    va_end(rest);
    if (!watched(path) || !(flags & (O_CREAT | O_TRUNC)))
        return syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    pthread_mutex_lock(&lock);
    int is_new = faccessat(AT_FDCWD, path, F_OK, 0) != 0;
    int fd = syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (is_watched(fd, real, &about)) {
        if (is_new)
            note('C', about.st_ino, 0, path, NULL, 0);
        else if (flags & O_TRUNC)
            note('T', about.st_ino, 0, "", NULL, 0);
    }
    pthread_mutex_unlock(&lock);
    return fd;
}
int open64(const char *, int, ...) __attribute__((alias("open")));

ssize_t pwrite(int fd, const void *data, size_t size, off_t at)
{
    char path[PATH_MAX];
    struct stat about;
    if (!is_watched(fd, path, &about))
        return syscall(SYS_pwrite64, fd, data, size, at);
    pthread_mutex_lock(&lock);
    ssize_t done = syscall(SYS_pwrite64, fd, data, size, at);
    if (done > 0)
        note('W', about.st_ino, at, "", data, done);
    pthread_mutex_unlock(&lock);
    return done;
}
ssize_t pwrite64(int, const void *, size_t, off64_t) __attribute__((alias("pwrite")));

ssize_t write(int fd, const void *data, size_t size)
{
    char path[PATH_MAX];
    struct stat about;
    if (!is_watched(fd, path, &about))
        return syscall(SYS_write, fd, data, size);
    pthread_mutex_lock(&lock);
    ssize_t done = syscall(SYS_write, fd, data, size);
    if (done > 0)
        note('W', about.st_ino, lseek(fd, 0, SEEK_CUR) - done, "", data, done);
    pthread_mutex_unlock(&lock);
    return done;
}

int ftruncate(int fd, off_t size)
{
    char path[PATH_MAX];
    struct stat about;
    if (!is_watched(fd, path, &about))
        return syscall(SYS_ftruncate, fd, size);
    pthread_mutex_lock(&lock);
    int failed = syscall(SYS_ftruncate, fd, size);
    if (!failed)
        note('T', about.st_ino, size, "", NULL, 0);
    pthread_mutex_unlock(&lock);
    return failed;
}
int ftruncate64(int, off64_t) __attribute__((alias("ftruncate")));

static void be_slow(void)
{
    char text[16] = "";
    int fd = slow ? syscall(SYS_openat, AT_FDCWD, slow, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0)
        return;
    if (syscall(SYS_read, fd, text, sizeof text - 1) < 0)
        abort();
    syscall(SYS_close, fd);
    struct timespec left = {atol(text) / 1000, atol(text) % 1000 * 1000000};
    while (nanosleep(&left, &left) != 0)
        ; /* a signal does not make a disk faster */
}

static int sync_by(long number, int fd)
{
    char path[PATH_MAX];
    struct stat about;
    if (!is_watched(fd, path, &about))
        return syscall(number, fd);
    pthread_mutex_lock(&lock);
    uint64_t before = records; /* what others write meanwhile is not confirmed */
    pthread_mutex_unlock(&lock);
    be_slow();
    int failed = syscall(number, fd);
    pthread_mutex_lock(&lock);
    if (!failed)
        note(S_ISDIR(about.st_mode) ? 'D' : 'S', about.st_ino, before, path, NULL, 0);
    pthread_mutex_unlock(&lock);
    return failed;
}
int fsync(int fd) { return sync_by(SYS_fsync, fd); }
int fdatasync(int fd) { return sync_by(SYS_fdatasync, fd); }

/* An act on names: `call` changes `path`, and for a rename `other`. */
static int name_by(char kind, long call, const char *path, const char *other, long flags)
{
    pthread_mutex_lock(&lock);
    int failed = other ? syscall(call, AT_FDCWD, path, AT_FDCWD, other) : syscall(call, AT_FDCWD, path, flags);
    if (!failed && watched(path))
        note(kind, 0, 0, path, other, other ? strlen(other) : 0);
    pthread_mutex_unlock(&lock);
    return failed;
}
int rename(const char *from, const char *to) { return name_by('R', SYS_renameat, from, to, 0); }
int unlink(const char *path) { return name_by('U', SYS_unlinkat, path, NULL, 0); }
int mkdir(const char *path, mode_t mode) { return name_by('M', SYS_mkdirat, path, NULL, mode); }
