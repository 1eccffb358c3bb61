// A process that is not trusted, and all that it starts: none of them outlives it, whatever it does.
//
// hdq → supervisor → the process. The supervisor adopts what the process leaves behind (a daemon, a group or session of its own) and ends
// all of it when asked, or when hdq itself is gone. Where the system allows it, the process lives in a PID namespace: it then sees, and can
// signal, nothing but what it started itself, and all of them end at one stroke. Otherwise /proc is searched for descendants; a process
// that kills its supervisor has hdq itself as the next reaper, which then ends all its children of other sessions than its own.
// HDQ_NO_PID_NAMESPACE=1 in the environment does without the namespace.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "hdq/validate/subject/subject.hpp"

namespace hdq::validate {

using Deadline = std::chrono::steady_clock::time_point;

// Milliseconds to wait for, as poll takes them: 0 once the deadline is past, at most `most`.
int milliseconds_until(Deadline deadline, int most);

// Closes every descriptor above 2 but these. For a new process.
void close_all_but(std::vector<int> kept);

class ContainedProcess {
 public:
  // What the process has as descriptors 0, 1 and 2; -1 is /dev/null. They stay the caller's.
  struct Streams {
    int input = -1, output = -1, errors = -1;
  };

  // Runs `body`, which does not return, in a fork; it keeps `kept` and no other descriptor. Throws std::runtime_error.
  ContainedProcess(const Streams& streams, int kept, const std::function<void()>& body);
  // Runs a program, looked up as the shell does. Throws std::runtime_error, with the reason, where it does not start.
  ContainedProcess(const Streams& streams, const std::vector<std::string>& command);
  ~ContainedProcess() { end(); }
  ContainedProcess(const ContainedProcess&) = delete;
  ContainedProcess& operator=(const ContainedProcess&) = delete;

  // "exited with status 3", "SIGSEGV"; nothing while it runs at the deadline. Its descendants may live on.
  std::optional<std::string> how_it_ended(Deadline deadline);
  // Kills it and all that it started. Takes milliseconds, and never more than 5 s.
  void end();
  // Memory of it and of all that it started, pages that they share counted as often.
  std::uint64_t resident_bytes() const;
  // Pages, descriptors and threads of the process alone; allocated is 0.
  std::optional<Usage> usage() const;
  // Seconds for which the main threads of these processes were ready to run and did not.
  double waited_for_processor() const;

 private:
  void start(const Streams& streams, int kept, const std::function<int()>& body, bool executes);
  void read_start_error(int descriptor);

  pid_t supervisor_ = -1;
  int control_ = -1, status_ = -1;  // our ends: closing control_ is the order to end; status_ tells how the process ended
  std::optional<std::string> ending_;
  mutable std::vector<pid_t> seen_;  // by waited_for_processor(), which looks again now and then
  mutable Deadline next_look_{};
};

// The same of a process, by its directory in /proc; 0 where the system does not tell.
double waited_for_processor(const std::string& process);

// Time for which other processes ran instead counts as if it had not passed, until there is this much of it: a machine that is so loaded
// is no place to measure time.
inline constexpr int most_slowdown = 12;

// The end of a call's time: the limit, and that for which the process was ready to run and others ran.
class CallDeadline {
 public:
  CallDeadline(const ContainedProcess& process, std::chrono::milliseconds limit);
  bool over();  // to be asked ten times before the limit at least
  int milliseconds_left(int most) const { return milliseconds_until(end_, most); }

 private:
  const ContainedProcess& process_;
  std::chrono::milliseconds limit_;
  Deadline start_, end_;
  std::optional<double> waited_;  // before
};

// Looks at a process's memory now and then, while it is waited for.
class MemoryWatch {
 public:
  MemoryWatch(const ContainedProcess& process, const Limits& limits)
      : process_(process), limit_(limits.memory), next_(std::chrono::steady_clock::now() + interval) {}
  std::string complaint();  // empty as long as it uses less than it may

 private:
  static constexpr std::chrono::milliseconds interval{100};
  const ContainedProcess& process_;
  std::uint64_t limit_;
  Deadline next_;
};

// The end of what a process writes to a pipe, read without ever waiting and without keeping more.
class OutputTail {
 public:
  explicit OutputTail(int descriptor) : descriptor_(descriptor) {}
  void drain();                   // at most 1 MiB at a time: a flood does not keep hdq from its deadline
  std::string last_line() const;  // printable, at most 200 bytes; empty if nothing was said

 private:
  int descriptor_;
  std::string said_;
};

}  // namespace hdq::validate
