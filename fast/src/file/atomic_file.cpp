#include "hdq/atomic_file.hpp"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <random>
#include <utility>

namespace hdq {
namespace {

constexpr mode_t permission_bits = 0777;

std::string parent(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

// What a chain of symbolic links at path leads to, whether that exists or not.
std::string resolve_links(std::string path) {
  constexpr int longest_chain = 40;  // the kernel's own limit
  for (int i = 0; i < longest_chain; ++i) {
    char link[4096];
    const ::ssize_t size = ::readlink(path.c_str(), link, sizeof link);
    if (size <= 0 || size == sizeof link) break;
    const std::string to(link, static_cast<std::size_t>(size));
    path = to.front() == '/' ? to : parent(path) + "/" + to;
  }
  return path;
}

// A name that no other file has, but for a chance of 2^-64 that the caller tries again after.
std::string temporary_name() {
  std::random_device random;
  char name[32];
  std::snprintf(name, sizeof name, ".hdq-%08x%08x.tmp", random(), random());
  return name;
}

std::string descriptor_path(int descriptor) { return "/proc/self/fd/" + std::to_string(descriptor); }

// Signals that come to this thread wait until the end of the scope.
class SignalsWait {
 public:
  SignalsWait() {
    ::sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsWait() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsWait(const SignalsWait&) = delete;
  SignalsWait& operator=(const SignalsWait&) = delete;

 private:
  ::sigset_t before_;
};

}  // namespace

// Where the file goes: a directory, open, so that neither chdir() nor a renamed parent leads elsewhere later.
struct AtomicFile::Target {
  ~Target() {
    if (directory >= 0) ::close(directory);
  }
  int directory = -1;
  std::string name;
  bool exists = false;   // when the AtomicFile was made, with this status
  struct stat status {};
};

AtomicFile::AtomicFile(std::string path, Temporary temporary) : path_(std::move(path)), target_(std::make_unique<Target>()) {
  const std::string resolved = resolve_links(path_);
  struct stat status {}, at_resolved {};
  target_->exists = ::stat(path_.c_str(), &status) == 0;
  if (!target_->exists && errno != ENOENT) fail("cannot create it");
  if (target_->exists && !S_ISREG(status.st_mode)) refuse("exists and is not a regular file");
  // A link of /proc to a file that has lost its name looks like one to another name.
  if (target_->exists && (::stat(resolved.c_str(), &at_resolved) != 0 || at_resolved.st_ino != status.st_ino ||
                          at_resolved.st_dev != status.st_dev))
    refuse("the file that it links to has no name to write to");
  target_->status = status;
  target_->name = resolved.substr(resolved.rfind('/') + 1);  // npos + 1 is 0
  const std::string directory = parent(resolved);
  target_->directory = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  // A directory may be open to writing and closed to listing.
  if (target_->directory < 0 && errno == EACCES) target_->directory = ::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (target_->directory < 0 || target_->name.empty()) fail("cannot create it");
  if (target_->exists && ::faccessat(target_->directory, target_->name.c_str(), W_OK, AT_EACCESS) != 0) fail("cannot replace it");
  create(temporary);
  try {
    if (target_->exists) adopt_owner_and_mode();
  } catch (...) {
    discard();
    throw;
  }
}

AtomicFile::~AtomicFile() { discard(); }

void AtomicFile::discard() {
  if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
  if (!temporary_.empty()) ::unlinkat(target_->directory, temporary_.c_str(), 0);
  temporary_.clear();
}

void AtomicFile::create(Temporary temporary) {
  const mode_t mode = target_->exists ? target_->status.st_mode & permission_bits : 0666;
  if (temporary == Temporary::unnamed) {
    descriptor_ = ::openat(target_->directory, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, mode);
    if (descriptor_ >= 0 && ::access(descriptor_path(descriptor_).c_str(), F_OK) == 0) return;
    // Without /proc it could not be linked later.
    if (descriptor_ >= 0) ::close(std::exchange(descriptor_, -1));
    else if (errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) fail("cannot create it");
  }
  do {
    temporary_ = temporary_name();
    descriptor_ = ::openat(target_->directory, temporary_.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, mode);
  } while (descriptor_ < 0 && errno == EEXIST);
  if (descriptor_ >= 0) return;
  temporary_.clear();
  fail("cannot create it");
}

// The new file is as open to others as the old one was, and no more.
void AtomicFile::adopt_owner_and_mode() {
  const struct stat& old = target_->status;
  struct stat now {};
  mode_t mode = old.st_mode & permission_bits;
  if (::fstat(descriptor_, &now) != 0) fail("cannot create it");
  const bool owner_kept = now.st_uid == old.st_uid || ::fchown(descriptor_, old.st_uid, static_cast<gid_t>(-1)) == 0;
  static_cast<void>(owner_kept);  // else it is this process's user
  if (now.st_gid != old.st_gid && ::fchown(descriptor_, static_cast<uid_t>(-1), old.st_gid) != 0)
    mode = (mode & ~mode_t{S_IRWXG}) | ((mode & S_IRWXO) << 3);
  if (::fchmod(descriptor_, mode) != 0) fail("cannot set its mode");
}

void AtomicFile::write(const void* data, std::size_t size) {
  const char* from = static_cast<const char*>(data);
  while (size > 0) {
    const ::ssize_t written = ::write(descriptor_, from, size);
    if (written < 0) {
      if (errno == EINTR) continue;
      fail("cannot write it");
    }
    from += written;
    size -= static_cast<std::size_t>(written);
  }
}

void AtomicFile::commit() {
  if (failed_) refuse("not written: an earlier write failed");
  if (descriptor_ < 0) refuse("committed already");
  if (::fsync(descriptor_) != 0) fail("cannot flush it to disk");
  const bool linked = temporary_.empty() && !target_->exists && link_as(target_->name);
  if (!linked) replace();
  ::close(std::exchange(descriptor_, -1));
  // EINVAL: this file system has nothing to flush; EBADF: this process may not read the directory.
  if (::fsync(target_->directory) != 0 && errno != EINVAL && errno != EBADF) fail("written, but cannot flush its directory to disk");
}

// Gives the unnamed file a name; false if another file has it.
bool AtomicFile::link_as(const std::string& name) {
  if (::linkat(AT_FDCWD, descriptor_path(descriptor_).c_str(), target_->directory, name.c_str(), AT_SYMLINK_FOLLOW) == 0) return true;
  if (errno != EEXIST) fail("cannot create it");
  return false;
}

// No system call links a file over another one: a name of its own first, then a rename.
void AtomicFile::replace() {
  struct stat now {};
  if (::fstatat(target_->directory, target_->name.c_str(), &now, AT_SYMLINK_NOFOLLOW) == 0 && !S_ISREG(now.st_mode))
    refuse("exists and is not a regular file");
  const SignalsWait until_renamed;
  while (temporary_.empty()) {
    const std::string name = temporary_name();
    if (link_as(name)) temporary_ = name;
  }
  if (::renameat(target_->directory, temporary_.c_str(), target_->directory, target_->name.c_str()) != 0) {
    const int error = errno;
    ::unlinkat(target_->directory, temporary_.c_str(), 0);
    temporary_.clear();
    errno = error;
    fail("cannot rename to it");
  }
  temporary_.clear();
}

void AtomicFile::fail(const char* doing) { refuse(std::string(doing) + ": " + std::strerror(errno)); }

void AtomicFile::refuse(const std::string& why) {
  failed_ = true;
  throw FileError(path_ + ": " + why);
}

}  // namespace hdq
