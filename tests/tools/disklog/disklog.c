/* Preloaded into a process, notes in order what it does to the files below $DISKLOG_FOLDER, in the file
 * $DISKLOG_FILE: so a test can tell what a disk may hold when the power goes at any moment.
 * An entry: operation (1 byte), length of the name (4), offset (8), length of the data (8), name, data.
 * Operations: C create, W write, T truncate, S sync, R rename (data: new name), U unlink, M mkdir, X rmdir. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define FILES 4096
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *folder;
static size_t folder_length;
static int out = -1;
static char *names[FILES];

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("DISKLOG_FILE");
  folder = getenv("DISKLOG_FOLDER");
  if (!file || !folder) return;
  folder_length = strlen(folder);
  out = syscall(SYS_openat, AT_FDCWD, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static const char *below(const char *path) {
  if (out < 0 || strncmp(path, folder, folder_length) || path[folder_length] != '/') return NULL;
  return path + folder_length;
}

static void note(char operation, const char *name, uint64_t offset, const void *data, uint64_t length) {
  char head[21];
  uint32_t name_length = strlen(name);
  head[0] = operation;
  memcpy(head + 1, &name_length, 4);
  memcpy(head + 5, &offset, 8);
  memcpy(head + 13, &length, 8);
  struct iovec parts[3] = {{head, 21}, {(void *)name, name_length}, {(void *)data, length}};
  if (syscall(SYS_writev, out, parts, length ? 3 : 2) < 0) abort();
}

#define REAL(result, name, ...) \
  static result (*real)(__VA_ARGS__); \
  if (!real) real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)
#define NAMED(fd) (out >= 0 && (fd) >= 0 && (fd) < FILES && names[fd])

static int opened(int fd, const char *path, int flags) {
  const char *name = below(path);
  if (fd < 0 || fd >= FILES || !name) return fd;
  pthread_mutex_lock(&lock);
  free(names[fd]);
  names[fd] = strdup(name);
  if (flags & O_CREAT) note('C', name, 0, NULL, 0);
  if (flags & O_TRUNC) note('T', name, 0, NULL, 0);
  pthread_mutex_unlock(&lock);
  return fd;
}

#define MODE \
  va_list list; \
  va_start(list, flags); \
  int mode = va_arg(list, int); \
  va_end(list)
int open(const char *path, int flags, ...) { MODE; REAL(int, "open", const char *, int, ...); return opened(real(path, flags, mode), path, flags); }
int open64(const char *path, int flags, ...) { MODE; REAL(int, "open64", const char *, int, ...); return opened(real(path, flags, mode), path, flags); }
int openat(int at, const char *path, int flags, ...) { MODE; REAL(int, "openat", int, const char *, int, ...); return opened(real(at, path, flags, mode), path, flags); }

int close(int fd) {
  REAL(int, "close", int);
  if (NAMED(fd)) {
    pthread_mutex_lock(&lock);
    free(names[fd]);
    names[fd] = NULL;
    pthread_mutex_unlock(&lock);
  }
  return real(fd);
}

#define NOTED(operation, fd, offset, data, length, call) \
  if (!NAMED(fd)) return call; \
  pthread_mutex_lock(&lock); \
  note(operation, names[fd], offset, data, length); \
  long result = call; \
  pthread_mutex_unlock(&lock); \
  return result
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
  NOTED('W', fd, offset, data, length, real(fd, data, length, offset));
}
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return pwrite64(fd, data, length, offset); }
ssize_t write(int fd, const void *data, size_t length) {
  REAL(ssize_t, "write", int, const void *, size_t);
  NOTED('W', fd, lseek(fd, 0, SEEK_CUR), data, length, real(fd, data, length));
}
int ftruncate64(int fd, off64_t size) { REAL(int, "ftruncate64", int, off64_t); NOTED('T', fd, size, NULL, 0, real(fd, size)); }
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }

static int synced(int fd, int result) {
  if (!result && NAMED(fd)) {
    pthread_mutex_lock(&lock);
    note('S', names[fd], 0, NULL, 0);
    pthread_mutex_unlock(&lock);
  }
  return result;
}
int fsync(int fd) { REAL(int, "fsync", int); return synced(fd, real(fd)); }
int fdatasync(int fd) { REAL(int, "fdatasync", int); return synced(fd, real(fd)); }

static void named(char operation, const char *path, const char *other) {
  const char *name = below(path), *second = other ? below(other) : NULL;
  if (!name || (other && !second)) return;
  pthread_mutex_lock(&lock);
  note(operation, name, 0, second, second ? strlen(second) : 0);
  pthread_mutex_unlock(&lock);
}
int rename(const char *path, const char *other) {
  REAL(int, "rename", const char *, const char *);
  int result = real(path, other);
  if (!result) named('R', path, other);
  return result;
}
int unlink(const char *path) { REAL(int, "unlink", const char *); int result = real(path); if (!result) named('U', path, NULL); return result; }
int mkdir(const char *path, mode_t mode) { REAL(int, "mkdir", const char *, mode_t); int result = real(path, mode); if (!result) named('M', path, NULL); return result; }
int rmdir(const char *path) { REAL(int, "rmdir", const char *); int result = real(path); if (!result) named('X', path, NULL); return result; }
