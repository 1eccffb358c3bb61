#include "hdq/validate/subject/contained_process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <set>
#include <stdexcept>
#include <thread>
#include <utility>

#include "hdq/io/text.hpp"

namespace hdq::validate {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto patience = 2s;                                  // for the supervisor, and for what SIGKILL takes to work
constexpr rlim_t largest_file = rlim_t{4} << 30;               // bytes that the process may write to one file
constexpr int started_badly = 127, supervisor_clean = 0, supervisor_failed = 1;

std::set<pid_t>& live_supervisors() {
  static std::set<pid_t> all;
  return all;
}

void close_end(int& descriptor) {
  if (descriptor >= 0) ::close(std::exchange(descriptor, -1));
}

// ---- the processes of the system, as /proc shows them ----

struct ProcessEntry {
  pid_t id, parent, session;
  bool dead;
};

std::string read_small_file(const std::string& path) {
  std::array<char, 1024> text;
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (file < 0) return "";
  const ssize_t got = ::read(file, text.data(), text.size());
  ::close(file);
  return {text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
}

// "12 (any) name) S 1 12 12 …": the name is the program's to choose, so fields are counted from its last parenthesis.
std::optional<ProcessEntry> parse_stat(pid_t id, const std::string& text) {
  const std::size_t name_end = text.rfind(')');
  char state;
  int parent, group, session;
  if (name_end == std::string::npos || std::sscanf(text.c_str() + name_end + 1, " %c %d %d %d", &state, &parent, &group, &session) != 4) return std::nullopt;
  return ProcessEntry{id, parent, session, state == 'Z' || state == 'X'};
}

std::vector<ProcessEntry> all_processes() {
  std::vector<ProcessEntry> all;
  std::error_code gone;
  for (std::filesystem::directory_iterator entry("/proc", gone), end; !gone && entry != end; entry.increment(gone)) {
    const std::string name = entry->path().filename().string();
    pid_t id = 0;
    const auto [last, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error != std::errc() || last != name.data() + name.size()) continue;
    if (const auto parsed = parse_stat(id, read_small_file("/proc/" + name + "/stat"))) all.push_back(*parsed);
  }
  return all;
}

// The living ones below `root`, without those below `excluded` and those of session `spared`.
std::vector<pid_t> descendants(pid_t root, const std::set<pid_t>& excluded, pid_t spared) {
  const std::vector<ProcessEntry> all = all_processes();
  std::set<pid_t> family{root};
  std::vector<pid_t> found;
  for (bool more = true; std::exchange(more, false);) {
    for (const ProcessEntry& p : all) {
      if (family.count(p.parent) == 0 || family.count(p.id) != 0 || excluded.count(p.id) != 0 || p.session == spared) continue;
      family.insert(p.id);
      more = true;
      if (!p.dead) found.push_back(p.id);
    }
  }
  return found;
}

// Kills until none is left that can be found. Reaps those that the caller has adopted, and no other child of its.
void kill_descendants(const std::set<pid_t>& excluded, pid_t spared) {
  const Deadline deadline = Clock::now() + patience;
  for (std::vector<pid_t> left; !(left = descendants(::getpid(), excluded, spared)).empty() && Clock::now() < deadline;) {
    for (const pid_t id : left) ::kill(id, SIGKILL);
    std::this_thread::sleep_for(1ms);
    for (const pid_t id : left) ::waitpid(id, nullptr, WNOHANG);
  }
  for (const ProcessEntry& p : all_processes()) {
    if (p.dead && p.parent == ::getpid() && p.session != spared && excluded.count(p.id) == 0) ::waitpid(p.id, nullptr, WNOHANG);
  }
}

// ---- what runs in the new processes ----

bool write_text(const char* path, const std::string& text) {
  const int file = ::open(path, O_WRONLY | O_CLOEXEC);
  if (file < 0) return false;
  const bool written = ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  ::close(file);
  return written;
}

// Children of the caller will be in a PID namespace of their own. Who may not do that may do it in a user namespace, as the same user.
bool enter_pid_namespace() {
  if (const char* without = std::getenv("HDQ_NO_PID_NAMESPACE"); without != nullptr && *without != 0) return false;
  if (::unshare(CLONE_NEWPID) == 0) return true;
  const uid_t user = ::geteuid();
  const gid_t group = ::getegid();
  if (::unshare(CLONE_NEWUSER) != 0) return false;
  const bool mapped = write_text("/proc/self/uid_map", fmt::format("{} {} 1", user, user)) && write_text("/proc/self/setgroups", "deny") &&
                      write_text("/proc/self/gid_map", fmt::format("{} {} 1", group, group));
  if (!mapped) ::_exit(supervisor_failed);  // as nobody it could not even read the kernel
  return ::unshare(CLONE_NEWPID) == 0;
}

// A process whose numbers in /proc are not its own cannot start CUDA. Who may not mount, as where parts of /proc are covered, keeps the outer one.
void show_own_processes() {
  if (::unshare(CLONE_NEWNS) != 0 || ::mount(nullptr, "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0) return;
  (void)!::mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, nullptr);
}

struct Plan {
  ContainedProcess::Streams streams;
  int kept, control, status, start_error;
  const std::function<int()>& body;
};

[[noreturn]] void become_the_process(const Plan& plan) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setsid();  // no controlling terminal to write to
  const int null = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  const int wanted[3] = {plan.streams.input, plan.streams.output, plan.streams.errors};
  int copies[3];  // above 2 first: one of them may itself be 0, 1 or 2
  for (int i = 0; i < 3; ++i) copies[i] = ::fcntl(wanted[i] >= 0 ? wanted[i] : null, F_DUPFD_CLOEXEC, 3);
  for (int i = 0; i < 3; ++i) ::dup2(copies[i], i);
  close_all_but({plan.kept, plan.start_error});
  const rlimit no_core{0, 0}, files{largest_file, largest_file};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::setrlimit(RLIMIT_FSIZE, &files);
  write_text("/proc/self/oom_score_adj", "1000");  // whoever eats all memory is to go first
  for (int number = 1; number < SIGSYS; ++number) std::signal(number, SIG_DFL);
  sigset_t none;
  sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  const int error = plan.body();
  (void)!::write(plan.start_error, &error, sizeof error);
  ::_exit(started_badly);
}

// Starts the process, tells how it ends, reaps what it leaves, and ends all of it when `control` closes.
[[noreturn]] void supervise(const Plan& plan, bool init_of_namespace) {
  sigset_t child;
  sigemptyset(&child);
  sigaddset(&child, SIGCHLD);
  ::sigprocmask(SIG_BLOCK, &child, nullptr);
  const int changes = ::signalfd(-1, &child, SFD_NONBLOCK | SFD_CLOEXEC);
  const pid_t process = ::fork();
  if (process == 0) become_the_process(plan);
  if (process < 0 || changes < 0) ::_exit(supervisor_failed);
  close_all_but({plan.control, plan.status, changes});
  for (;;) {
    std::array<pollfd, 2> watched = {{{plan.control, POLLIN, 0}, {changes, POLLIN, 0}}};
    if (::poll(watched.data(), watched.size(), -1) < 0) continue;
    if (watched[0].revents != 0) break;
    signalfd_siginfo ignored;
    while (::read(changes, &ignored, sizeof ignored) > 0) {
    }
    int status = 0;
    for (pid_t ended; (ended = ::waitpid(-1, &status, WNOHANG)) > 0;) {
      if (ended == process && !WIFSTOPPED(status)) (void)!::write(plan.status, &status, sizeof status);
    }
  }
  // The namespace ends with its init.
  if (!init_of_namespace) kill_descendants({}, 0);
  ::_exit(supervisor_clean);
}

[[noreturn]] void become_the_supervisor(const Plan& plan) {
  ::setsid();
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
  for (const int number : {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT}) std::signal(number, SIG_IGN);  // it ends when hdq does
  std::signal(SIGCHLD, SIG_DFL);
  close_all_but({plan.streams.input, plan.streams.output, plan.streams.errors, plan.kept, plan.control, plan.status, plan.start_error});
  if (!enter_pid_namespace()) supervise(plan, false);
  const pid_t init = ::fork();
  if (init == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    show_own_processes();
    supervise(plan, true);
  }
  close_all_but({});
  for (int i = 0; i < 3; ++i) ::close(i);
  int status = 0;
  while (init > 0 && ::waitpid(init, &status, 0) < 0 && errno == EINTR) {
  }
  ::_exit(init > 0 && WIFEXITED(status) ? WEXITSTATUS(status) : supervisor_failed);
}

std::string ending_text(int status) {
  if (!WIFSIGNALED(status)) return fmt::format("exited with status {}", WEXITSTATUS(status));
  return fmt::format("ended by signal {}", ::strsignal(WTERMSIG(status)));
}

bool reap(pid_t process, Deadline deadline, int& status) {
  for (;;) {
    const pid_t ended = ::waitpid(process, &status, WNOHANG);
    if (ended == process) return true;
    if (ended < 0 && errno != EINTR) {
      status = -1;  // somebody else did
      return true;
    }
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(500us);
  }
}

}  // namespace

void close_all_but(std::vector<int> kept) {
  std::sort(kept.begin(), kept.end());
  unsigned next = 3;
  for (const int descriptor : kept) {
    if (descriptor < 3) continue;
    const auto d = static_cast<unsigned>(descriptor);
    if (d > next) ::close_range(next, d - 1, 0);
    next = d + 1;
  }
  ::close_range(next, ~0u, 0);
}

int milliseconds_until(Deadline deadline, int most) {
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, most));
}

// ---- ContainedProcess ----

ContainedProcess::ContainedProcess(const Streams& streams, int kept, const std::function<void()>& body) {
  start(streams, kept, [&body] { return body(), 0; }, false);
}

ContainedProcess::ContainedProcess(const Streams& streams, const std::vector<std::string>& command) {
  std::vector<char*> words;
  for (const std::string& word : command) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  start(streams, -1, [&words] { return ::execvp(words[0], words.data()), errno; }, true);
}

void ContainedProcess::start(const Streams& streams, int kept, const std::function<int()>& body, bool executes) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // whoever kills the supervisor is ours
  std::array<std::array<int, 2>, 3> pipes;
  for (auto& ends : pipes) ends = {-1, -1};
  for (auto& ends : pipes) {
    if (::pipe2(ends.data(), O_CLOEXEC) == 0) continue;
    const std::string why = std::strerror(errno);
    for (auto& opened : pipes) close_end(opened[0]), close_end(opened[1]);
    throw std::runtime_error("pipe: " + why);
  }
  const Plan plan{streams, kept, pipes[0][0], pipes[1][1], executes ? pipes[2][1] : -1, body};
  supervisor_ = ::fork();
  if (supervisor_ == 0) become_the_supervisor(plan);
  const std::string why = supervisor_ < 0 ? std::strerror(errno) : "";
  control_ = std::exchange(pipes[0][1], -1);
  status_ = std::exchange(pipes[1][0], -1);
  int start_error = std::exchange(pipes[2][0], -1);
  for (auto& ends : pipes) close_end(ends[0]), close_end(ends[1]);
  if (supervisor_ < 0) {
    close_end(control_), close_end(status_), close_end(start_error);
    throw std::runtime_error("fork: " + why);
  }
  live_supervisors().insert(supervisor_);
  try {
    if (executes) read_start_error(start_error);
  } catch (...) {
    close_end(start_error);
    end();
    throw;
  }
  close_end(start_error);
}

// The descriptor closes when the program begins; before, it may tell why it does not.
void ContainedProcess::read_start_error(int descriptor) {
  pollfd watched{descriptor, POLLIN, 0};
  if (::poll(&watched, 1, 10000) <= 0) throw std::runtime_error("it does not start within 10 s");
  int error = 0;
  if (::read(descriptor, &error, sizeof error) == sizeof error) throw std::runtime_error(std::strerror(error));
}

std::optional<std::string> ContainedProcess::how_it_ended(Deadline deadline) {
  if (ending_ || status_ < 0) return ending_;
  pollfd watched{status_, POLLIN, 0};
  for (;;) {
    const int ready = ::poll(&watched, 1, milliseconds_until(deadline, 1 << 30));
    if (ready > 0) break;
    if (ready == 0 && Clock::now() >= deadline) return std::nullopt;
  }
  int status = 0;
  if (::read(status_, &status, sizeof status) == sizeof status) ending_ = ending_text(status);
  else ending_ = "killed its supervisor";
  return ending_;
}

void ContainedProcess::end() {
  if (supervisor_ < 0) return;
  close_end(control_);
  int status = 0;
  bool ended = reap(supervisor_, Clock::now() + patience, status);
  const bool clean = ended && WIFEXITED(status) && WEXITSTATUS(status) == supervisor_clean;
  if (!ended) {
    ::kill(supervisor_, SIGKILL);
    ended = reap(supervisor_, Clock::now() + 1s, status);
  }
  live_supervisors().erase(supervisor_);
  // Somebody killed or stopped the supervisor: what it held is ours now. Nothing that was started there is of our session.
  if (!clean) kill_descendants(live_supervisors(), ::getsid(0));
  supervisor_ = -1;
  close_end(status_);
}

std::uint64_t ContainedProcess::resident_bytes() const {
  static const auto page = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  std::uint64_t pages = 0;
  for (const pid_t id : descendants(supervisor_, {}, 0)) {
    unsigned long long size = 0, resident = 0;
    if (std::sscanf(read_small_file(fmt::format("/proc/{}/statm", id)).c_str(), "%llu %llu", &size, &resident) == 2) pages += resident;
  }
  return pages * page;
}

std::optional<Usage> ContainedProcess::usage() const {
  // What hdq itself runs there, the init of a namespace, does not change.
  Usage usage;
  bool seen = false;
  for (const pid_t id : descendants(supervisor_, {}, 0)) {
    unsigned long long size = 0, resident = 0;
    if (std::sscanf(read_small_file(fmt::format("/proc/{}/statm", id)).c_str(), "%llu %llu", &size, &resident) != 2)
      continue;
    std::error_code unseen;
    const auto count = [&](const char* what) {
      std::uint64_t entries = 0;
      for (std::filesystem::directory_iterator at(fmt::format("/proc/{}/{}", id, what), unseen), end;
           !unseen && at != end; at.increment(unseen))
        ++entries;
      return entries;
    };
    const std::uint64_t descriptors = count("fd");
    if (unseen) return std::nullopt;
    usage.descriptors += descriptors;
    usage.threads += count("task");
    usage.mapped_pages += size;
    usage.resident_pages += resident;
    seen = true;
  }
  return seen ? std::optional(usage) : std::nullopt;
}

double ContainedProcess::waited_for_processor() const {
  if (supervisor_ < 0) return 0;
  // Who they are takes a look at every process of the system.
  if (Clock::now() >= next_look_) {
    seen_ = descendants(supervisor_, {}, 0);
    next_look_ = Clock::now() + 500ms;
  }
  double seconds = 0;
  for (const pid_t id : seen_) seconds += validate::waited_for_processor(fmt::format("/proc/{}", id));
  return seconds;
}

// schedstat: nanoseconds on a processor, nanoseconds in its queue, turns.
double waited_for_processor(const std::string& process) {
  unsigned long long ran = 0, waited = 0;
  if (std::sscanf(read_small_file(process + "/schedstat").c_str(), "%llu %llu", &ran, &waited) != 2) return 0;
  return 1e-9 * static_cast<double>(waited);
}

// ---- CallDeadline ----

CallDeadline::CallDeadline(const ContainedProcess& process, std::chrono::milliseconds limit)
    : process_(process), limit_(limit), start_(Clock::now()), end_(start_ + limit) {}

bool CallDeadline::over() {
  const auto now = Clock::now();
  if (now < start_ + limit_ / 10) return false;  // to look takes as long as many a call
  if (!waited_) waited_ = process_.waited_for_processor();
  if (now < end_) return false;
  const std::chrono::duration<double> waited(process_.waited_for_processor() - *waited_),
      most((most_slowdown - 1) * limit_);
  const auto more = std::clamp(waited, waited.zero(), most);
  end_ = start_ + limit_ + std::chrono::duration_cast<Clock::duration>(more);
  return now >= end_;
}

// ---- MemoryWatch ----

std::string MemoryWatch::complaint() {
  if (Clock::now() < next_) return "";
  const std::uint64_t used = process_.resident_bytes();
  next_ = Clock::now() + interval;
  if (used <= limit_) return "";
  return fmt::format("{:.2f} GiB of memory in use, {:.2f} are allowed", static_cast<double>(used) * 0x1p-30, static_cast<double>(limit_) * 0x1p-30);
}

// ---- OutputTail ----

void OutputTail::drain() {
  std::array<char, 1 << 16> buffer;
  for (int i = 0; i < 16; ++i) {
    const ssize_t got = ::read(descriptor_, buffer.data(), buffer.size());
    if (got <= 0) return;
    said_.append(buffer.data(), static_cast<std::size_t>(got));
    if (said_.size() > 4096) said_.erase(0, said_.size() - 4096);
  }
}

std::string OutputTail::last_line() const {
  std::string line = said_;
  while (!line.empty() && (line.back() == '\n' || line.back() == '\r')) line.pop_back();
  const std::size_t before = line.find_last_of("\n\r");
  if (before != std::string::npos) line.erase(0, before + 1);
  return io::shortened(io::printable(line), 200);
}

}  // namespace hdq::validate
