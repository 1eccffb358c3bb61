// Output files that appear complete or not at all, whatever ends the process.
#include "hdq/atomic_file.hpp"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <random>
#include <thread>
#include <vector>

#include "file_error.hpp"
#include "temporary_directory.hpp"

namespace hdq {
namespace {

using testing::error_of;
using ::testing::HasSubstr;
using testing::overwrite_file;
using testing::read_file;
using testing::TemporaryDirectory;
using Temporary = AtomicFile::Temporary;

void write_whole(const std::string& path, const std::string& text, Temporary temporary = Temporary::unnamed) {
  AtomicFile file(path, temporary);
  file.write(text.data(), text.size());
  file.commit();
}

unsigned mode_of(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

class AtomicFiles : public ::testing::TestWithParam<Temporary> {
 protected:
  const TemporaryDirectory directory_;
  const std::string path_ = directory_ / "out";
};

INSTANTIATE_TEST_SUITE_P(Temporaries, AtomicFiles, ::testing::Values(Temporary::unnamed, Temporary::named),
                         [](const auto& info) { return info.param == Temporary::unnamed ? "Unnamed" : "Named"; });

TEST_P(AtomicFiles, AppearWhenCommitted) {
  for (const std::string& old : {std::string(), std::string("old")}) {
    {
      AtomicFile file(path_, GetParam());
      file.write("ne", 2);
      EXPECT_EQ(std::filesystem::exists(path_), !old.empty());
      file.write("w", 1);
      EXPECT_EQ(old.empty() ? "" : read_file(path_), old);
      const std::size_t temporaries = GetParam() == Temporary::named ? 1 : 0;
      EXPECT_EQ(directory_.entries(), (old.empty() ? 0u : 1u) + temporaries);
      file.commit();
      EXPECT_EQ(read_file(path_), "new");
      EXPECT_THAT(error_of([&] { file.commit(); }), HasSubstr("committed already"));
      EXPECT_THAT(error_of([&] { file.write("x", 1); }), HasSubstr(path_));
    }
    EXPECT_EQ(read_file(path_), "new");
    EXPECT_EQ(directory_.entries(), 1u);
    overwrite_file(path_, "old");
  }
}

TEST_P(AtomicFiles, LeaveNothingUncommitted) {
  { AtomicFile file(path_, GetParam()); }
  EXPECT_EQ(directory_.entries(), 0u);
  overwrite_file(path_, "old");
  {
    AtomicFile file(path_, GetParam());
    file.write("new", 3);
  }
  EXPECT_EQ(directory_.entries(), 1u);
  EXPECT_EQ(read_file(path_), "old");
}

TEST_P(AtomicFiles, OfTwoWritersTheLastToCommitWins) {
  AtomicFile first(path_, GetParam()), second(path_, GetParam());
  first.write("first", 5);
  second.write("second", 6);
  second.commit();  // neither found the name taken; now the first does
  EXPECT_EQ(read_file(path_), "second");
  first.commit();
  EXPECT_EQ(read_file(path_), "first");
  EXPECT_EQ(directory_.entries(), 1u);
}

TEST_P(AtomicFiles, ThatCannotBeWrittenAreNotCommitted) {
  overwrite_file(path_, "old");
  struct rlimit before {};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const auto handler = ::signal(SIGXFSZ, SIG_IGN);
  const struct rlimit small {4096, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  {
    AtomicFile file(path_, GetParam());
    const std::vector<char> data(5000);
    EXPECT_THAT(error_of([&] { file.write(data.data(), data.size()); }), HasSubstr(path_ + ": cannot write it: File too large"));
    EXPECT_THAT(error_of([&] { file.commit(); }), HasSubstr("an earlier write failed"));
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  ::signal(SIGXFSZ, handler);
  EXPECT_EQ(read_file(path_), "old");
  EXPECT_EQ(directory_.entries(), 1u);
}

TEST_P(AtomicFiles, HaveTheModeThatOthersHave) {
  for (const mode_t mask : {022u, 077u, 027u, 0u}) {
    const mode_t before = ::umask(mask);
    std::filesystem::remove(path_);
    write_whole(path_, "new", GetParam());
    EXPECT_EQ(mode_of(path_), 0666 & ~mask);
    ::umask(before);
  }
}

TEST_P(AtomicFiles, KeepTheModeOfWhatTheyReplace) {
  for (const mode_t mode : {0600u, 0644u, 0666u, 0755u, 0640u}) {
    overwrite_file(path_, "old");
    ASSERT_EQ(::chmod(path_.c_str(), mode), 0);
    write_whole(path_, "new", GetParam());
    EXPECT_EQ(mode_of(path_), mode);
    EXPECT_EQ(read_file(path_), "new");
  }
}

TEST_P(AtomicFiles, WriteThroughSymbolicLinks) {
  std::filesystem::create_directory(directory_ / "elsewhere");
  overwrite_file(directory_ / "elsewhere/file", "old");
  std::filesystem::create_symlink("elsewhere/file", directory_ / "link");
  std::filesystem::create_symlink("../link", directory_ / "elsewhere/chain");
  write_whole(directory_ / "elsewhere/chain", "new", GetParam());
  EXPECT_EQ(read_file(directory_ / "elsewhere/file"), "new");
  EXPECT_TRUE(std::filesystem::is_symlink(directory_ / "link"));
  EXPECT_TRUE(std::filesystem::is_symlink(directory_ / "elsewhere/chain"));

  std::filesystem::create_symlink(directory_ / "elsewhere/absent", directory_ / "dangling");
  write_whole(directory_ / "dangling", "created", GetParam());
  EXPECT_EQ(read_file(directory_ / "elsewhere/absent"), "created");
  EXPECT_TRUE(std::filesystem::is_symlink(directory_ / "dangling"));

  std::filesystem::create_symlink("loop", directory_ / "loop");
  EXPECT_THAT(error_of([&] { AtomicFile(directory_ / "loop", GetParam()); }), HasSubstr("Too many levels"));
}

TEST_P(AtomicFiles, LeaveOtherHardLinksAlone) {
  overwrite_file(path_, "old");
  std::filesystem::create_hard_link(path_, directory_ / "other");
  write_whole(path_, "new", GetParam());
  EXPECT_EQ(read_file(directory_ / "other"), "old");
}

TEST_P(AtomicFiles, ReplaceRegularFilesAlone) {
  std::filesystem::create_directory(directory_ / "directory");
  ASSERT_EQ(::mkfifo((directory_ / "fifo").c_str(), 0600), 0);
  for (const char* name : {"directory", "fifo"}) {
    const std::string target = directory_ / name;
    EXPECT_THAT(error_of([&] { AtomicFile(target, GetParam()); }), HasSubstr(target + ": exists and is not a regular file"));
  }
  EXPECT_THAT(error_of([&] { AtomicFile("/dev/null", GetParam()); }), HasSubstr("/dev/null: exists and is not a regular file"));
  // The same where it came into being after the AtomicFile did.
  AtomicFile late_fifo(directory_ / "late", GetParam());
  ASSERT_EQ(::mkfifo((directory_ / "late").c_str(), 0600), 0);
  EXPECT_THAT(error_of([&] { late_fifo.commit(); }), HasSubstr("not a regular file"));
  EXPECT_TRUE(std::filesystem::is_fifo(directory_ / "late"));
}

TEST_P(AtomicFiles, NameWhatCannotBeCreated) {
  for (const std::string& target : {std::string(), directory_ / "", directory_ / "no/such", path_ + std::string(255, 'x')})
    EXPECT_THAT(error_of([&] { write_whole(target, "new", GetParam()); }), HasSubstr(target + ": "));
  const std::string longest = directory_ / std::string(255, 'x');  // no room for a suffix
  write_whole(longest, "new", GetParam());
  EXPECT_EQ(read_file(longest), "new");
  EXPECT_EQ(directory_.entries(), 1u);
}

TEST_P(AtomicFiles, StayInTheDirectoryWhoseNameChanges) {
  std::filesystem::create_directory(directory_ / "before");
  AtomicFile file(directory_ / "before/out", GetParam());
  file.write("new", 3);
  std::filesystem::rename(directory_ / "before", directory_ / "after");
  file.commit();
  EXPECT_EQ(read_file(directory_ / "after/out"), "new");
}

// ---- in a process of their own ----

// The exit status of action() in a child process; a signal that ended it is negative.
template <class Action>
int in_child(const Action& action) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(action());
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

TEST_P(AtomicFiles, DoNotReplaceWhatMayNotBeWritten) {
  overwrite_file(path_, "old");
  ASSERT_EQ(::chmod(path_.c_str(), 0444), 0);
  ASSERT_EQ(::chmod((directory_ / "").c_str(), 0777), 0);
  const int status = in_child([&] {
    if (::geteuid() == 0 && ::seteuid(65534) != 0) return 2;  // root may write anything
    return error_of([&] { write_whole(path_, "new", GetParam()); }) == path_ + ": cannot replace it: Permission denied" ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(read_file(path_), "old");
}

TEST_P(AtomicFiles, WhoseGroupCannotBeKeptShowItsMembersNothingNew) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs to give a file away";
  overwrite_file(path_, "old");
  ASSERT_EQ(::chown(path_.c_str(), 65534, 12345), 0);
  ASSERT_EQ(::chmod(path_.c_str(), 0664), 0);
  ASSERT_EQ(::chmod((directory_ / "").c_str(), 0777), 0);
  const int status = in_child([&] {
    if (::setegid(54321) != 0 || ::seteuid(65534) != 0) return 2;
    return error_of([&] { write_whole(path_, "new", GetParam()); }).empty() ? 0 : 1;
  });
  EXPECT_EQ(status, 0);
  EXPECT_EQ(mode_of(path_), 0644u);
  // Root may keep owner and group.
  ASSERT_EQ(::chown(path_.c_str(), 65534, 12345), 0);
  write_whole(path_, "newer", GetParam());
  struct stat kept {};
  ASSERT_EQ(::stat(path_.c_str(), &kept), 0);
  EXPECT_EQ(kept.st_uid, 65534u);
  EXPECT_EQ(kept.st_gid, 12345u);
}

// The umask belongs to the process: files that other threads create meanwhile have the mode they would have had.
TEST(AtomicFile, LeavesTheUmaskAlone) {
  const TemporaryDirectory directory;
  const mode_t before = ::umask(027);
  std::atomic<bool> done = false;
  int wrong = 0;
  std::thread other([&] {
    for (int i = 0; !done; ++i) {
      const std::string path = directory / std::to_string(i);
      ::close(::open(path.c_str(), O_CREAT | O_WRONLY, 0666));
      wrong += mode_of(path) != 0640;
      ::unlink(path.c_str());
    }
  });
  for (int i = 0; i < 20000; ++i) AtomicFile(directory / "out");
  done = true;
  other.join();
  ::umask(before);
  EXPECT_EQ(wrong, 0);
}

// ---- killed ----

constexpr int fatal_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGKILL};
constexpr int kills = 50;

// Runs action() in a child, and ends that by a signal up to 4 ms after it says that it is ready.
template <class Action>
void kill_at_some_moment(int signal_number, std::mt19937& random, const Action& action) {
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::signal(signal_number, SIG_DFL);
    action([&] { static_cast<void>(!::write(ready[1], "", 1)); });
    ::_exit(0);
  }
  char byte;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  std::this_thread::sleep_for(std::chrono::microseconds(random() % 4000));
  ::kill(child, signal_number);
  int status = 0;
  ::waitpid(child, &status, 0);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == signal_number);
  ::close(ready[0]);
  ::close(ready[1]);
}

TEST(AtomicFile, KilledWhileItWritesLeavesNothing) {
  std::mt19937 random(1);
  for (const int signal_number : fatal_signals) {
    const TemporaryDirectory directory;
    const std::string path = directory / "out";
    overwrite_file(path, "old");
    for (int i = 0; i < kills; ++i) {
      kill_at_some_moment(signal_number, random, [&](const auto& ready) {
        const std::vector<char> data(1 << 14, 'x');
        AtomicFile replaces(path), creates(directory / "other");
        for (int piece = 0;; ++piece) {
          if (piece == 1) ready();
          if (piece < 1000) replaces.write(data.data(), data.size()), creates.write(data.data(), data.size());
        }
      });
      ASSERT_EQ(directory.entries(), 1u) << "signal " << signal_number;
      ASSERT_EQ(read_file(path), "old");
    }
  }
}

// Killed as soon as the temporary name of a replacement is seen: the signal waits until the name is gone.
TEST(AtomicFile, KilledBetweenLinkAndRenameLeavesNothing) {
  for (const int signal_number : {SIGINT, SIGTERM, SIGHUP}) {
    const TemporaryDirectory directory;
    const std::string path = directory / "out";
    overwrite_file(path, "old");
    for (int i = 0; i < kills; ++i) {
      const int watch = ::inotify_init1(IN_CLOEXEC);
      ASSERT_GE(::inotify_add_watch(watch, (directory / "").c_str(), IN_CREATE), 0);
      const pid_t child = ::fork();
      if (child == 0) {
        ::signal(signal_number, SIG_DFL);
        for (;;) write_whole(path, "new");
      }
      char events[4096];
      ASSERT_GT(::read(watch, events, sizeof events), 0);
      ::kill(child, signal_number);
      ASSERT_EQ(::waitpid(child, nullptr, 0), child);
      ::close(watch);
      ASSERT_EQ(directory.entries(), 1u) << "signal " << signal_number;
      ASSERT_EQ(read_file(path), "new");
    }
  }
}

// Between the link and the rename of a replacement only SIGKILL ends the process; the name that it leaves is documented.
TEST(AtomicFile, KilledWhileItCommitsLeavesOneContentOrTheOther) {
  std::mt19937 random(2);
  constexpr std::size_t size = 5000;
  for (const int signal_number : fatal_signals) {
    const TemporaryDirectory directory;
    overwrite_file(directory / "replaced", std::string(size, 'a'));
    for (int i = 0; i < kills; ++i) {
      kill_at_some_moment(signal_number, random, [&](const auto& ready) {
        for (char letter = 'a';; letter = letter == 'z' ? 'a' : static_cast<char>(letter + 1)) {
          write_whole(directory / "replaced", std::string(size, letter));
          if (letter == 'a') ready();
          ::unlink((directory / "created").c_str());
          write_whole(directory / "created", std::string(size, letter));
        }
      });
      for (const auto& entry : std::filesystem::directory_iterator(directory / "")) {
        const std::string name = entry.path().filename().string(), content = read_file(entry.path().string());
        ASSERT_TRUE(name == "replaced" || name == "created" || (signal_number == SIGKILL && name.ends_with(".tmp"))) << name;
        ASSERT_EQ(content, std::string(size, content.empty() ? '?' : content[0])) << name;
        if (name.ends_with(".tmp")) ::unlink(entry.path().c_str());
      }
      ASSERT_TRUE(std::filesystem::exists(directory / "replaced"));
    }
  }
}

}  // namespace
}  // namespace hdq
