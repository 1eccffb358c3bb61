#include "hdq/validate/subject/plugin_subject.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <thread>
#include <utility>

#include "hdq/io/text.hpp"
#include "hdq/validate/subject/plugin_child.hpp"

namespace hdq::validate {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr auto moment = 300ms;  // for a process to end that has closed its end of the socket

void close_end(int& descriptor) {
  if (descriptor >= 0) ::close(std::exchange(descriptor, -1));
}

template <std::size_t size>
std::string text_of(const char (&bytes)[size], std::size_t limit) {
  return io::shortened(io::printable({bytes, ::strnlen(bytes, size)}), limit);
}

SubjectInfo info_of(const PluginChannel& c) {
  SubjectInfo info;
  info.name = text_of(c.name, 200);
  info.version = text_of(c.version, 200);
  info.promise = static_cast<Promise>(c.promise);
  info.operations = c.operations;
  info.bit_widths = c.bit_widths != 0 ? c.bit_widths : all_bit_widths;
  info.max_dimension = c.max_dimension != 0 ? c.max_dimension : UINT64_MAX;
  info.alignment = std::max(1u, c.alignment);
  info.variants = std::max(1u, c.variants);
  std::copy(std::begin(c.claimed_error), std::end(c.claimed_error), info.claimed_error);
  info.schemes = c.schemes;
  info.steps.assign(c.steps, c.steps + std::min(c.step_count, largest_step_count));
  return info;
}

// Same places, other process: the parent's copy of what the child wrote beside bulk data.
void copy(PluginChannel& to, const PluginChannel& from) { std::memcpy(static_cast<void*>(&to), static_cast<const void*>(&from), sizeof to); }

void put(PluginCall& call, const Request& request) {
  call.operation = request.operation;
  call.config = request.config;
  call.first_row = request.first_row;
  call.rows = request.rows;
  call.count = request.count;
  call.word = request.word;
  call.placement = request.placement;
  call.inputs = request.inputs.size();
  call.outputs = request.output_bytes.size();
  for (std::size_t i = 0; i < request.inputs.size(); ++i) call.input_bytes[i] = request.inputs[i].size();
  std::copy(request.output_bytes.begin(), request.output_bytes.end(), call.output_bytes);
}

}  // namespace

PluginSubject::PluginSubject(std::string path, const Limits& limits) : path_(std::move(path)), limits_(limits) {
  // A name without a slash would be looked up in the system's library directories.
  if (path_.find('/') == std::string::npos) path_ = "./" + path_;
  std::error_code unseen;
  if (!std::filesystem::is_regular_file(path_, unseen)) throw NoSubject(path_ + ": no such file");
  void* memory = ::mmap(nullptr, PluginChannel::bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw NoSubject("no shared memory for the kernel's process");
  shared_ = static_cast<PluginChannel*>(memory);
  try {
    info_ = start();
  } catch (...) {
    stop();
    ::munmap(shared_, PluginChannel::bytes);
    throw;
  }
}

PluginSubject::~PluginSubject() {
  stop();
  ::munmap(shared_, PluginChannel::bytes);
}

std::string PluginSubject::command_line() const { return shell_word(path_); }

SubjectInfo PluginSubject::start() {
  int ends[2] = {-1, -1}, said[2] = {-1, -1};
  std::memset(static_cast<void*>(shared_), 0, sizeof *shared_);
  std::string why;
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0 || ::pipe2(said, O_CLOEXEC | O_NONBLOCK) != 0) {
    why = std::strerror(errno);
  } else {
    ::fcntl(said[1], F_SETFL, 0);  // only our end never waits
    try {
      const ContainedProcess::Streams streams{-1, said[1], said[1]};
      process_ = std::make_unique<ContainedProcess>(streams, ends[1], [&] { run_plugin_child(path_.c_str(), ends[1], *shared_); });
    } catch (const std::runtime_error& error) {
      why = error.what();
    }
  }
  close_end(ends[1]), close_end(said[1]);
  socket_ = ends[0], said_pipe_ = said[0];
  said_ = OutputTail(said_pipe_);
  if (!why.empty()) throw NoSubject("no process for the kernel: " + why);
  std::string complaint;
  const Waited waited = wait_for(0, limits_.start, complaint);
  if (waited != Waited::answered) {
    const std::string detail = waited == Waited::timed_out ? "" : ": " + end_of_child(waited, complaint, {}).detail;
    throw NoSubject(path_ + (waited == Waited::timed_out ? ": hangs while loading" : ": crashes while loading") + detail, waited == Waited::timed_out);
  }
  PluginChannel told;
  copy(told, *shared_);
  if (told.loaded != 1) throw NoSubject(text_of(told.message, 600));
  SubjectInfo info = info_of(told);
  if (const std::string wrong = objection(info); !wrong.empty()) throw NoSubject(path_ + ": hdq_kernel_v1: " + wrong);
  if (told.profile_bytes > PluginChannel::largest_profile) throw NoSubject(path_ + ": hdq_kernel_v1.profile is longer than 16 MiB");
  info.profile.assign(reinterpret_cast<const char*>(shared_->data()), told.profile_bytes);
  return info;
}

void PluginSubject::stop() {
  close_end(socket_);
  if (process_) waited_before_ += process_->waited_for_processor();
  process_.reset();
  close_end(said_pipe_);
}

PluginSubject::Waited PluginSubject::wait_for(std::uint64_t number, std::chrono::milliseconds at_most,
                                              std::string& complaint) {
  MemoryWatch watch(*process_, limits_);
  CallDeadline deadline(*process_, at_most);
  for (;;) {
    if (!(complaint = watch.complaint()).empty()) return Waited::too_large;
    std::array<pollfd, 2> watched = {{{socket_, POLLIN, 0}, {said_pipe_, POLLIN, 0}}};
    const int ready = ::poll(watched.data(), watched.size(), deadline.milliseconds_left(100));
    if (ready <= 0 && limits_.while_waiting) limits_.while_waiting();
    if (ready > 0 && watched[1].revents != 0) {
      said_.drain();
      if ((watched[1].revents & POLLIN) == 0 && watched[0].revents == 0) std::this_thread::sleep_for(1ms);  // it closed its output
    }
    if (ready > 0 && watched[0].revents != 0) {
      std::uint64_t answered = 0;
      const ssize_t got = ::recv(socket_, &answered, sizeof answered, MSG_DONTWAIT | MSG_TRUNC);
      if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) return Waited::closed;
      if (got > 0) return got == sizeof answered && answered == number ? Waited::answered : Waited::nonsense;
    }
    if (deadline.over()) return Waited::timed_out;
  }
}

namespace {

std::string distance_text(std::int64_t distance, std::uint64_t size) {
  if (distance < 0) return fmt::format("{} bytes before", -distance);
  if (static_cast<std::uint64_t>(distance) >= size) return fmt::format("{} bytes behind the end of", static_cast<std::uint64_t>(distance) - size + 1);
  return fmt::format("at byte {} of", distance);
}

// Bytes before (< 0) or behind a buffer.
std::int64_t bytes_outside(std::int64_t distance, std::uint64_t size) {
  return distance < 0 ? distance : std::max<std::int64_t>(0, distance - static_cast<std::int64_t>(size) + 1);
}

// The text of a fault in a buffer, and its outcome; nothing where the numbers are none of this request's: the plug-in may have written them.
bool explain_fault(const PluginChannel::Fault& fault, const Request& request, Reply& reply) {
  const bool input = fault.kind == BufferKind::input, configuration = fault.kind == BufferKind::configuration;
  if (!input && !configuration && fault.kind != BufferKind::output) return false;
  const std::size_t known = configuration ? 1 : input ? request.inputs.size() : request.output_bytes.size();
  if (fault.distance < -(std::int64_t{1} << 32) || fault.distance > std::int64_t{1} << 32) return false;
  const std::string buffer = configuration ? "its configuration" : fmt::format("{} {}", input ? "input" : "output", fault.buffer);
  const char* verb = fault.write != 0 ? "wrote" : "read";
  if (fault.late != 0) {
    reply.outcome = Outcome::used_late;
    reply.detail = fmt::format("{} {} of a call that had returned", verb, buffer);
    return true;
  }
  if (fault.buffer >= known) return false;
  const std::uint64_t size = configuration ? sizeof(hdq_kernel_config) : input ? request.inputs[fault.buffer].size() : request.output_bytes[fault.buffer];
  reply.outcome = fault.kind != BufferKind::output && fault.inside != 0 && fault.write != 0 ? Outcome::wrote_input : Outcome::touched_guard;
  reply.detail = fmt::format("{} {} {}", verb, distance_text(fault.distance, size), buffer);
  reply.outside = bytes_outside(fault.distance, size);
  return true;
}

}  // namespace

// The child ended, or is to be ended, without an answer.
Reply PluginSubject::end_of_child(Waited waited, const std::string& complaint, const Request& request) {
  Reply reply = failure_of(Outcome::crashed, complaint);
  if (waited == Waited::timed_out) {
    reply = failure_of(Outcome::hung, fmt::format("no answer within {:.3g} s", std::chrono::duration<double>(limits_.call).count()));
  } else if (waited == Waited::nonsense) {
    reply = failure_of(Outcome::protocol_error, "it wrote to a descriptor that is not its own");
  } else if (waited == Waited::closed) {
    PluginChannel told;
    const auto ending = process_->how_it_ended(Clock::now() + moment);
    copy(told, *shared_);
    if (!ending) reply.detail = "closed a descriptor that is not its own, and lives";
    else if (told.fault.signal == 0) reply.detail = "the process " + *ending;
    else if (const char* name = ::sigabbrev_np(told.fault.signal)) reply.detail = fmt::format("SIG{}", name);
    else reply.detail = "a signal";
    if (ending && told.fault.signal != 0) explain_fault(told.fault, request, reply);
  }
  process_->end();
  said_.drain();
  if (const std::string last = said_.last_line(); !last.empty()) reply.detail += fmt::format(" (its last line: {})", last);
  stop();
  return reply;
}

bool PluginSubject::exchange(PluginTask task, const Request* const* requests, std::size_t count, const Windows& windows, PluginChannel& answer,
                             Reply& failure) {
  if (process_ == nullptr) {
    try {
      start();
    } catch (const NoSubject& gone) {
      stop();
      failure = failure_of(gone.hangs ? Outcome::hung : Outcome::crashed, "it does not start again: " + io::printable(gone.what()));
      return false;
    }
  }
  PluginChannel& c = *shared_;
  c.task = task;
  c.windows = windows.count;
  c.calls_per_window = windows.calls;
  c.pause_ms = static_cast<std::uint32_t>(windows.pause.count());
  c.at_most_ms = static_cast<std::uint32_t>(windows.at_most.count());
  std::uint8_t* data = c.data();
  for (std::size_t k = 0; k < count; ++k) {
    put(c.calls[k], *requests[k]);
    for (const auto& input : requests[k]->inputs) {
      if (!input.empty()) std::memcpy(data, input.data(), input.size());
      data += input.size();
    }
  }
  outputs_ = data;
  const std::uint64_t number = ++last_number_;
  std::string complaint;
  const bool sent = ::send(socket_, &number, sizeof number, MSG_NOSIGNAL | MSG_DONTWAIT) == sizeof number;
  const Waited waited = sent ? wait_for(number, limits_.call + windows.at_most, complaint) : Waited::closed;
  if (waited != Waited::answered) {
    failure = end_of_child(waited, complaint, *requests[0]);
    return false;
  }
  copy(answer, c);
  said_.drain();
  return true;
}

Reply PluginSubject::reply_of(const PluginChannel& answer, std::size_t index, const Request& request, const std::uint8_t*& outputs) const {
  const PluginChannel::Answer& told = answer.answers[index];
  Reply reply;
  const std::uint8_t* data = outputs;
  for (const std::uint64_t bytes : request.output_bytes) outputs += bytes;
  reply.outcome = static_cast<Outcome>(told.outcome);
  if (reply.outcome > Outcome::failed && reply.outcome != Outcome::wrote_outside) return failure_of(Outcome::protocol_error, "it wrote to memory that is not its own");
  reply.row = told.row;
  reply.column = told.column;
  reply.size = told.size;
  if (reply.outcome == Outcome::wrote_outside && told.buffer < request.output_bytes.size()) {
    reply.detail = fmt::format("wrote {} output {}", distance_text(told.distance, request.output_bytes[told.buffer]), told.buffer);
    reply.outside = bytes_outside(told.distance, request.output_bytes[told.buffer]);
  }
  if (reply.outcome == Outcome::failed && told.status != HDQ_KERNEL_FAILED) {
    reply.detail = fmt::format("{}{}", unknown_status, told.status);
  } else if (const std::string last = said_.last_line(); reply.outcome == Outcome::failed && !last.empty()) {
    reply.detail = fmt::format("its last line: {}", last);
  }
  if (!reply.ok()) return reply;
  for (const std::uint64_t bytes : request.output_bytes) {
    reply.outputs.emplace_back(data, data + bytes);
    data += bytes;
  }
  return reply;
}

Reply PluginSubject::call(const Request& request) {
  if (const std::string excess = excess_of(request); !excess.empty()) return failure_of(Outcome::failed, excess);
  const Request* const requests[] = {&request};
  PluginChannel answer;
  Reply failure;
  if (!exchange(PluginTask::call, requests, 1, {0, 0, 0ms, 0ms}, answer, failure)) return failure;
  return reply_of(answer, 0, request, outputs_);
}

Repetition PluginSubject::repeat(const Request& request, const Windows& windows) {
  Repetition result;
  if (const std::string excess = excess_of(request); !excess.empty()) return result.reply = failure_of(Outcome::failed, excess), result;
  const Request* const requests[] = {&request};
  PluginChannel answer;
  if (!exchange(PluginTask::repeat, requests, 1, windows, answer, result.reply)) return result;
  result.reply = reply_of(answer, 0, request, outputs_);
  result.calls = answer.calls_made;
  result.same = answer.different == 0;
  const std::size_t seen = std::min<std::size_t>({answer.windows_seen, windows.count, PluginChannel::max_windows});
  result.usage.assign(answer.usage, answer.usage + seen);
  return result;
}

std::pair<Reply, Reply> PluginSubject::at_once(const Request& a, const Request& b, std::chrono::milliseconds at_most) {
  Request both = a;
  both.inputs.insert(both.inputs.end(), b.inputs.begin(), b.inputs.end());
  both.output_bytes.insert(both.output_bytes.end(), b.output_bytes.begin(), b.output_bytes.end());
  if (const std::string excess = excess_of(both); !excess.empty()) return {failure_of(Outcome::failed, excess), failure_of(Outcome::failed, excess)};
  const Request* const requests[] = {&a, &b};
  PluginChannel answer;
  Reply failure;
  if (!exchange(PluginTask::at_once, requests, 2, {0, 0, 0ms, at_most}, answer, failure)) return {failure, failure};
  Reply first = reply_of(answer, 0, a, outputs_);
  return {std::move(first), reply_of(answer, 1, b, outputs_)};
}

}  // namespace hdq::validate
