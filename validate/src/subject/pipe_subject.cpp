#include "hdq/validate/subject/pipe_subject.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <stdexcept>
#include <thread>
#include <utility>

#include "hdq/io/text.hpp"
#include "hdq/validate/subject/pipe_protocol.hpp"

namespace hdq::validate {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

void close_end(int& descriptor) {
  if (descriptor >= 0) ::close(std::exchange(descriptor, -1));
}

// The program answered; if not with ok, then with a message.
bool returned(const Reply& reply) { return reply.outcome <= Outcome::failed; }

bool same_kernel(const SubjectInfo& a, const SubjectInfo& b) {
  return a.name == b.name && a.version == b.version && a.promise == b.promise && a.operations == b.operations && a.bit_widths == b.bit_widths &&
         a.max_dimension == b.max_dimension && a.variants == b.variants && std::equal(std::begin(a.claimed_error), std::end(a.claimed_error), b.claimed_error);
}

}  // namespace

PipeSubject::PipeSubject(std::vector<std::string> command, const Limits& limits)
    : command_line_("--"), limits_(limits) {
  if (command.empty()) throw NoSubject("no program is named");
  name_ = io::excerpt(command[0]);
  for (const std::string& word : command) command_line_ += " " + shell_word(word);
  launch_ = [command = std::move(command)](const ContainedProcess::Streams& streams) {
    return std::make_unique<ContainedProcess>(streams, command);
  };
  std::signal(SIGPIPE, SIG_IGN);
  info_ = start();
}

PipeSubject::PipeSubject(std::string name, Launch launch, const Limits& limits)
    : name_(io::excerpt(name)), command_line_(name_), launch_(std::move(launch)), limits_(limits) {
  std::signal(SIGPIPE, SIG_IGN);
  info_ = start();
}

PipeSubject::~PipeSubject() { stop(); }

// ---- the process ----

SubjectInfo PipeSubject::start() {
  std::array<std::array<int, 2>, 3> pipes;
  for (auto& ends : pipes) ends = {-1, -1};
  std::string why;
  for (auto& ends : pipes) {
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) why = std::string("pipe: ") + std::strerror(errno);
  }
  if (why.empty()) {
    try {
      process_ = launch_({pipes[0][0], pipes[1][1], pipes[2][1]});
    } catch (const std::runtime_error& error) {
      why = error.what();
    }
  }
  input_ = std::exchange(pipes[0][1], -1), output_ = std::exchange(pipes[1][0], -1), errors_ = std::exchange(pipes[2][0], -1);
  for (auto& ends : pipes) close_end(ends[0]), close_end(ends[1]);
  if (!why.empty()) {
    stop();
    throw NoSubject(name_ + ": " + why);
  }
  for (const int descriptor : {input_, output_, errors_}) ::fcntl(descriptor, F_SETFL, O_NONBLOCK);
  said_ = OutputTail(errors_);
  std::string body;
  const Reply reply = exchange(info_message(), info_limit, body, limits_.start);
  if (!reply.ok()) {
    stop();
    throw NoSubject(name_ + ": " + (returned(reply) ? parse_reply_body({}, reply, body) : reply).detail,
                    reply.outcome == Outcome::hung);
  }
  try {
    return parse_subject_info(body);
  } catch (const std::exception& error) {
    stop();
    throw NoSubject(name_ + ": what it says of itself is not understood: " + error.what());
  }
}

// The end of its input is the request to end; a second later it is not a request any more.
void PipeSubject::stop() {
  if (process_) waited_before_ += process_->waited_for_processor();
  close_end(input_);
  if (process_ != nullptr) process_->how_it_ended(Clock::now() + 1s);
  process_.reset();
  close_end(output_);
  close_end(errors_);
}

// The outcome of a program that can no longer be spoken with; it ends here.
Reply PipeSubject::broken(Outcome outcome, const std::string& what) {
  Reply reply;
  reply.outcome = outcome;
  reply.detail = what;
  if (outcome == Outcome::crashed && what.empty()) reply.detail = process_->how_it_ended(Clock::now() + 1s).value_or("closed its output, and lives");
  said_.drain();
  // The last line is what a Python traceback or an assertion says.
  if (const std::string last = said_.last_line(); !last.empty()) reply.detail += ": " + last;
  process_->end();
  stop();
  return reply;
}

// ---- messages ----

// What has come of the answer, up to `wanted` bytes in all. False if there will be no more: then `failure` tells why.
bool PipeSubject::read_answer(std::string& received, std::size_t wanted, Reply& failure) {
  std::array<char, 1 << 16> buffer;
  const ssize_t got = ::read(output_, buffer.data(), std::min(buffer.size(), wanted - received.size()));
  if (got > 0) received.append(buffer.data(), static_cast<std::size_t>(got));
  if (got != 0) return true;
  failure = broken(Outcome::crashed, "");
  return false;
}

// Sends what is left of the message and receives until `wanted` bytes are there. A program may answer before it has read
// everything, so neither waits for the other.
bool PipeSubject::pump(const std::string& message, std::size_t& sent, std::string& received, std::size_t wanted,
                       CallDeadline& deadline, Reply& failure) {
  MemoryWatch watch(*process_, limits_);
  while (received.size() < wanted) {
    if (const std::string much = watch.complaint(); !much.empty()) {
      failure = broken(Outcome::crashed, much);
      return false;
    }
    std::array<pollfd, 3> watched = {{{output_, POLLIN, 0}, {errors_, POLLIN, 0}, {sent < message.size() ? input_ : -1, POLLOUT, 0}}};
    // What has come is read before the time is looked at: it may be hdq that did not get to run.
    const bool ready = ::poll(watched.data(), watched.size(), deadline.milliseconds_left(100)) > 0;
    if (!ready) {
      for (pollfd& quiet : watched) quiet.revents = 0;
      if (limits_.while_waiting) limits_.while_waiting();
    }
    if (watched[1].revents != 0) said_.drain();
    if (watched[1].revents == POLLHUP && watched[0].revents == 0) std::this_thread::sleep_for(1ms);  // it closed standard error
    if ((watched[2].revents & POLLOUT) != 0) {
      const ssize_t put = ::write(input_, message.data() + sent, message.size() - sent);
      if (put > 0) sent += static_cast<std::size_t>(put);
    } else if (watched[2].revents != 0) {
      sent = message.size();  // it reads no more; what it says, or its end, is what counts
    }
    if (watched[0].revents != 0 && !read_answer(received, wanted, failure)) return false;
    if (received.size() < wanted && deadline.over()) {
      failure = broken(Outcome::hung, "no complete answer within the time limit");
      return false;
    }
  }
  return true;
}

Reply PipeSubject::exchange(const std::string& message, std::size_t body_limit, std::string& body,
                            std::chrono::milliseconds at_most) {
  CallDeadline deadline(*process_, at_most);
  std::array<char, reply_header_bytes> early;
  if (const ssize_t got = ::read(output_, early.data(), early.size()); got > 0) {
    return broken(Outcome::protocol_error, complaint_about_early_bytes({early.data(), static_cast<std::size_t>(got)}));
  }
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
  if (const std::string excess = excess_of(request); !excess.empty()) return failure_of(Outcome::failed, excess);
  if (process_ == nullptr) {
    try {
      if (!same_kernel(start(), info_)) return broken(Outcome::protocol_error, "started anew, it says other things of itself");
    } catch (const NoSubject& gone) {
      return failure_of(gone.hangs ? Outcome::hung : Outcome::crashed, "it does not start again: " + io::printable(gone.what()));
    }
  }
  std::string body;
  const Reply header = exchange(call_message(request), output_bytes(request), body, limits_.call);
  if (!returned(header)) return header;
  Reply reply = parse_reply_body(request, header, body);
  if (reply.outcome == Outcome::protocol_error) return broken(Outcome::protocol_error, reply.detail);
  return reply;
}

}  // namespace hdq::validate
