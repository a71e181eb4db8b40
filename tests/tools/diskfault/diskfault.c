/* Preloaded into a process, lets the disk below $DISKFAULT_FOLDER fail as the file $DISKFAULT_STATE says, at any moment:
 *   full       files cannot grow nor be made (ENOSPC); what is there can be written and deleted
 *   read-only  nothing can be changed (EROFS), as after an error of the file system
 *   error      every read, write and sync fails (EIO)
 *   slow MS    every sync takes so many milliseconds
 *   (empty)    the disk is well */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FILES 4096
static const char *folder;
static size_t folder_length;
static int state = -1;
static char ours[FILES]; /* 1: this descriptor is of a file below the folder */

__attribute__((constructor)) static void begin(void) {
  const char *file = getenv("DISKFAULT_STATE");
  folder = getenv("DISKFAULT_FOLDER");
  if (!file || !folder) return;
  folder_length = strlen(folder);
  state = syscall(SYS_openat, AT_FDCWD, file, O_RDONLY | O_CLOEXEC, 0);
}

static int below(const char *path) {
  return state >= 0 && !strncmp(path, folder, folder_length) && (path[folder_length] == '/' || !path[folder_length]);
}
static int is_ours(int fd) { return state >= 0 && fd >= 0 && fd < FILES && ours[fd]; }

/* 'f', 'r', 'e', 's' or 0; the number behind it. */
static char fault(long *number) {
  char text[32] = {0};
  if (syscall(SYS_pread64, state, text, sizeof text - 1, 0) <= 0) return 0;
  if (number) *number = strtol(text + strcspn(text, " "), NULL, 10);
  return *text == '\n' ? 0 : *text;
}

#define FAIL(code) return errno = (code), -1
#define REAL(result, name, ...) \
  static result (*real)(__VA_ARGS__); \
  if (!real) real = (result(*)(__VA_ARGS__))dlsym(RTLD_NEXT, name)

static int refused(const char *path, int flags) {
  char now = below(path) ? fault(NULL) : 0;
  if (now == 'r' && (flags & (O_ACCMODE | O_CREAT | O_TRUNC))) return EROFS;
  if (now == 'e') return EIO;
  if (now == 'f' && (flags & O_CREAT) && access(path, F_OK)) return ENOSPC;
  return 0;
}
static int opened(int fd, const char *path) {
  if (fd >= 0 && fd < FILES) ours[fd] = below(path);
  return fd;
}
#define OPEN(...) \
  va_list list; \
  va_start(list, flags); \
  int mode = va_arg(list, int), code = refused(path, flags); \
  va_end(list); \
  if (code) FAIL(code); \
  return opened(real(__VA_ARGS__, flags, mode), path)
int open(const char *path, int flags, ...) { REAL(int, "open", const char *, int, ...); OPEN(path); }
int open64(const char *path, int flags, ...) { REAL(int, "open64", const char *, int, ...); OPEN(path); }
int openat(int at, const char *path, int flags, ...) { REAL(int, "openat", int, const char *, int, ...); OPEN(at, path); }
int close(int fd) {
  REAL(int, "close", int);
  if (fd >= 0 && fd < FILES) ours[fd] = 0;
  return real(fd);
}

static int change(int fd, off64_t end) {
  struct stat64 now;
  if (!is_ours(fd)) return 0;
  switch (fault(NULL)) {
  case 'r': return EROFS;
  case 'e': return EIO;
  case 'f': return !fstat64(fd, &now) && end > now.st_size ? ENOSPC : 0;
  default: return 0;
  }
}
#define CHANGE(end, call) \
  int code = change(fd, end); \
  if (code) FAIL(code); \
  return call
ssize_t pwrite64(int fd, const void *data, size_t length, off64_t offset) {
  REAL(ssize_t, "pwrite64", int, const void *, size_t, off64_t);
  CHANGE(offset + (off64_t)length, real(fd, data, length, offset));
}
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return pwrite64(fd, data, length, offset); }
ssize_t write(int fd, const void *data, size_t length) {
  REAL(ssize_t, "write", int, const void *, size_t);
  if (!is_ours(fd)) return real(fd, data, length);
  CHANGE(lseek64(fd, 0, SEEK_CUR) + (off64_t)length, real(fd, data, length));
}
int ftruncate64(int fd, off64_t size) { REAL(int, "ftruncate64", int, off64_t); CHANGE(size, real(fd, size)); }
int ftruncate(int fd, off_t size) { return ftruncate64(fd, size); }
int posix_fallocate64(int fd, off64_t offset, off64_t length) {
  REAL(int, "posix_fallocate64", int, off64_t, off64_t);
  int code = change(fd, offset + length);
  return code ? code : real(fd, offset, length);
}
int posix_fallocate(int fd, off_t offset, off_t length) { return posix_fallocate64(fd, offset, length); }

#define READ(call) if (is_ours(fd) && fault(NULL) == 'e') FAIL(EIO); return call
ssize_t pread64(int fd, void *data, size_t length, off64_t offset) {
  REAL(ssize_t, "pread64", int, void *, size_t, off64_t);
  READ(real(fd, data, length, offset));
}
ssize_t pread(int fd, void *data, size_t length, off_t offset) { return pread64(fd, data, length, offset); }
ssize_t read(int fd, void *data, size_t length) { REAL(ssize_t, "read", int, void *, size_t); READ(real(fd, data, length)); }

static int synced(int fd, int (*real)(int)) {
  long milliseconds = 0;
  if (is_ours(fd)) switch (fault(&milliseconds)) {
    case 'e': FAIL(EIO);
    case 's': usleep(milliseconds * 1000);
  }
  return real(fd);
}
int fsync(int fd) { REAL(int, "fsync", int); return synced(fd, real); }
int fdatasync(int fd) { REAL(int, "fdatasync", int); return synced(fd, real); }

static int named(const char *path) {
  char now = below(path) ? fault(NULL) : 0;
  return now == 'r' ? EROFS : now == 'e' ? EIO : 0;
}
#define NAMED(call) int code = named(path); if (code) FAIL(code); return call
int rename(const char *path, const char *other) { REAL(int, "rename", const char *, const char *); NAMED(real(path, other)); }
int unlink(const char *path) { REAL(int, "unlink", const char *); NAMED(real(path)); }
int rmdir(const char *path) { REAL(int, "rmdir", const char *); NAMED(real(path)); }
int mkdir(const char *path, mode_t mode) {
  REAL(int, "mkdir", const char *, mode_t);
  if (below(path) && fault(NULL) == 'f') FAIL(ENOSPC);
  NAMED(real(path, mode));
}
