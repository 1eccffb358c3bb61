// An output file that appears under its name complete, or not at all.
//
//   hdq::AtomicFile file("out.npy");
//   file.write(data, size);
//   file.commit();               // before this, and without it, whatever had the name is untouched
//
// The bytes go to a file that has no name, in the directory of the target (O_TMPFILE): a process that ends at any moment, killed or
// not, leaves nothing behind. commit() flushes them to disk and links them to the name. Where the name exists already, the
// link is made under a temporary name ".hdq-….tmp" first, and renamed at once. Between these two system calls this thread receives
// no signal; only SIGKILL, or a signal that another thread receives, can end the process there, and then that name stays behind, with
// the complete file. On a file system without O_TMPFILE (NFS, FAT, some FUSE) the temporary name exists from the beginning, and a
// signal that ends the process leaves it behind.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "hdq/types.hpp"

namespace hdq {

// All errors are FileError and begin with the path.
//
// * A symbolic link is followed: the file that it names is created or replaced, the link stays. Other hard links of a
//   replaced file keep the old content.
// * A new file has mode 0666 less the umask (or what the directory's default access list says). A replaced file keeps its
//   permission bits, and its owner and group where this process may set them; where it may not set the group, the group gets what
//   others have. A file that this process may not write is not replaced.
// * What exists and is no regular file (a directory, FIFO, device) is refused.
// * Of two writers of one name, the last to commit wins; each result is one writer's bytes.
class HDQ_EXPORT AtomicFile {
 public:
  enum class Temporary { unnamed, named };  // named: as on a file system without O_TMPFILE

  explicit AtomicFile(std::string path, Temporary temporary = Temporary::unnamed);
  ~AtomicFile();  // without commit(): nothing happened
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  const std::string& path() const { return path_; }

  void write(const void* data, std::size_t size);  // appends
  // Flushes the file to disk, gives it its name, flushes the directory. Throws if anything failed before: a write, a commit.
  void commit();

 private:
  struct Target;

  void create(Temporary temporary);
  void discard();
  void adopt_owner_and_mode();
  bool link_as(const std::string& name);
  void replace();
  [[noreturn]] void fail(const char* doing);
  [[noreturn]] void refuse(const std::string& why);

  std::string path_;
  std::unique_ptr<Target> target_;
  std::string temporary_;  // its name in the target's directory, while it has one
  int descriptor_ = -1;
  bool failed_ = false;
};

}  // namespace hdq
