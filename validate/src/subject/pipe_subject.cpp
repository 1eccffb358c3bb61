#include "hdq/validate/subject/pipe_subject.hpp"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <thread>

#include "hdq/validate/subject/pipe_protocol.hpp"

extern char** environ;

namespace hdq::validate {
namespace {

// Interpreters and their libraries take their time to load.
constexpr std::chrono::milliseconds start_limit(30000);

void close_end(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

// The program answered; if not with ok, then with a message.
bool returned(const Reply& reply) { return reply.outcome <= Outcome::failed; }

}  // namespace

PipeSubject::PipeSubject(std::vector<std::string> command, std::chrono::milliseconds limit)
    : command_(std::move(command)), limit_(limit) {
  if (command_.empty()) throw NoSubject("no program is named");
  std::signal(SIGPIPE, SIG_IGN);
  start();
  std::string body;
  const Reply reply = exchange(info_message(), info_limit, body, std::chrono::steady_clock::now() + std::max(start_limit, limit_));
  if (!reply.ok()) {
    stop();
    throw NoSubject(command_line() + ": " + (returned(reply) ? parse_reply_body({}, reply, body) : reply).detail);
  }
  try {
    info_ = parse_subject_info(body);
  } catch (const std::exception& error) {
    stop();
    throw NoSubject(command_line() + ": what it says of itself is not understood: " + error.what());
  }
}

PipeSubject::~PipeSubject() { stop(); }

std::string PipeSubject::command_line() const {
  std::string line = "--";
  for (const std::string& word : command_) {
    const bool plain = !word.empty() && word.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+=:,@%-") == std::string::npos;
    std::string quoted;
    for (const char c : word) quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    line += plain ? " " + word : " '" + quoted + "'";
  }
  return line;
}

// ---- the process ----

void PipeSubject::start() {
  std::array<std::array<int, 2>, 3> pipes{};
  for (auto& ends : pipes) {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw NoSubject(std::string("pipe: ") + std::strerror(errno));
  }
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, pipes[0][0], STDIN_FILENO);
  posix_spawn_file_actions_adddup2(&actions, pipes[1][1], STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, pipes[2][1], STDERR_FILENO);
  // A group of its own, so that its own children end with it; SIGPIPE as programs expect it.
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF);
  std::vector<char*> words;
  for (std::string& word : command_) words.push_back(word.data());
  words.push_back(nullptr);
  const int error = ::posix_spawnp(&process_, words[0], &actions, &attributes, words.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  ::close(pipes[0][0]), ::close(pipes[1][1]), ::close(pipes[2][1]);
  input_ = pipes[0][1], output_ = pipes[1][0], errors_ = pipes[2][0];
  said_.clear();
  for (const int descriptor : {input_, output_, errors_}) ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
  if (error != 0) {
    process_ = -1;
    stop();
    throw NoSubject(command_[0] + ": " + std::strerror(error));
  }
}

// The end of its input is the request to end; a second later it is not a request any more.
void PipeSubject::stop() {
  close_end(input_);
  if (process_ > 0) {
    int status = 0;
    bool ended = false;
    for (int i = 0; i < 100 && !ended; ++i) {
      ended = ::waitpid(process_, &status, WNOHANG) != 0;
      if (!ended) std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ::kill(-process_, SIGKILL);
    if (!ended) ::waitpid(process_, &status, 0);
  }
  process_ = -1;
  close_end(output_);
  close_end(errors_);
}

// How the process ended, having closed its output; it is given a moment.
std::string PipeSubject::ending() {
  int status = 0;
  for (int i = 0; i < 100; ++i) {
    const pid_t ended = ::waitpid(process_, &status, WNOHANG);
    if (ended == 0) {
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
      continue;
    }
    ::kill(-process_, SIGKILL);  // what it may have left behind
    process_ = -1;
    if (WIFSIGNALED(status)) return std::string("ended by signal ") + ::strsignal(WTERMSIG(status));
    return "exited with status " + std::to_string(WEXITSTATUS(status));
  }
  return "closed its output";
}

void PipeSubject::drain_errors() {
  std::array<char, 4096> buffer;
  ssize_t got;
  while ((got = ::read(errors_, buffer.data(), buffer.size())) > 0) said_.append(buffer.data(), static_cast<std::size_t>(got));
  if (said_.size() > 4096) said_.erase(0, said_.size() - 4096);
}

// The outcome of a program that can no longer be spoken with; it ends here.
Reply PipeSubject::broken(Outcome outcome, const std::string& what) {
  Reply reply;
  reply.outcome = outcome;
  reply.detail = what;
  if (outcome == Outcome::crashed) reply.detail = ending();
  drain_errors();
  // The last line is what a Python traceback or an assertion says.
  std::string last = said_;
  while (!last.empty() && (last.back() == '\n' || last.back() == '\r')) last.pop_back();
  last.erase(0, last.find_last_of('\n') == std::string::npos ? 0 : last.find_last_of('\n') + 1);
  if (!last.empty()) reply.detail += ": " + printable_ascii(last, 200);
  if (process_ > 0) ::kill(-process_, SIGKILL);
  stop();
  return reply;
}

// ---- messages ----

// Sends what is left of the message and receives until `wanted` bytes are there. A program may answer before it has read
// everything, so neither waits for the other.
bool PipeSubject::pump(const std::string& message, std::size_t& sent, std::string& received, std::size_t wanted, Deadline deadline,
                      Reply& failure) {
  while (received.size() < wanted) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
    if (left <= 0) {
      failure = broken(Outcome::hung, "no answer within the time limit");
      return false;
    }
    std::array<pollfd, 3> watched = {{{output_, POLLIN, 0}, {errors_, POLLIN, 0}, {sent < message.size() ? input_ : -1, POLLOUT, 0}}};
    if (::poll(watched.data(), watched.size(), static_cast<int>(std::min<long long>(left, 1000))) <= 0) continue;
    if (watched[1].revents != 0) drain_errors();
    if ((watched[2].revents & POLLOUT) != 0) {
      const ssize_t put = ::write(input_, message.data() + sent, message.size() - sent);
      if (put > 0) sent += static_cast<std::size_t>(put);
    } else if (watched[2].revents != 0) {
      sent = message.size();  // it reads no more; what it says, or its end, is what counts
    }
    if (watched[0].revents == 0) continue;
    std::array<char, 1 << 16> buffer;
    const ssize_t got = ::read(output_, buffer.data(), std::min(buffer.size(), wanted - received.size()));
    if (got > 0) received.append(buffer.data(), static_cast<std::size_t>(got));
    if (got == 0) {
      failure = broken(Outcome::crashed, "");
      return false;
    }
  }
  return true;
}

Reply PipeSubject::exchange(const std::string& message, std::size_t body_limit, std::string& body, Deadline deadline) {
  std::size_t sent = 0;
  std::string header;
  Reply failure;
  if (!pump(message, sent, header, reply_header_bytes, deadline, failure)) return failure;
  const ReplyHeader parsed = parse_reply_header(header, body_limit);
  if (parsed.reply.outcome == Outcome::protocol_error) return broken(Outcome::protocol_error, parsed.reply.detail);
  if (!pump(message, sent, body, parsed.body_bytes, deadline, failure)) return failure;
  if (sent < message.size()) return broken(Outcome::protocol_error, "it answered before it read the whole call");
  return parsed.reply;
}

Reply PipeSubject::call(const Request& request) {
  if (process_ < 0) start();
  std::string body;
  const Reply header = exchange(call_message(request), output_bytes(request), body, std::chrono::steady_clock::now() + limit_);
  if (!returned(header)) return header;
  Reply reply = parse_reply_body(request, header, body);
  if (reply.outcome == Outcome::protocol_error) return broken(Outcome::protocol_error, reply.detail);
  return reply;
}

}  // namespace hdq::validate
