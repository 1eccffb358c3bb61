#include "hdq/validate/subject/plugin_subject.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "hdq/validate/subject/plugin_child.hpp"

namespace hdq::validate {

struct PluginSubject::Shared : PluginChannel {};

PluginSubject::PluginSubject(std::string path, std::chrono::milliseconds time_limit) : path_(std::move(path)), time_limit_(time_limit) {
  // A name without a slash would be looked up in the system's library directories.
  if (path_.find('/') == std::string::npos) path_ = "./" + path_;
  if (!std::filesystem::is_regular_file(path_)) throw NoSubject(path_ + ": no such file");
  void* memory = ::mmap(nullptr, PluginChannel::bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw NoSubject("no shared memory for the kernel's process");
  shared_ = static_cast<Shared*>(memory);
  try {
    start();
  } catch (...) {
    stop();
    ::munmap(shared_, PluginChannel::bytes);
    throw;
  }
  const auto& c = *shared_;
  info_.name = c.name;
  info_.version = c.version;
  info_.promise = static_cast<Promise>(c.promise);
  info_.operations = c.operations;
  info_.bit_widths = c.bit_widths != 0 ? c.bit_widths : all_bit_widths;
  info_.max_dimension = c.max_dimension != 0 ? c.max_dimension : UINT64_MAX;
  info_.alignment = std::max(1u, c.alignment);
  info_.variants = std::max(1u, c.variants);
  std::copy(std::begin(c.claimed_error), std::end(c.claimed_error), info_.claimed_error);
  if (c.profile_bytes > PluginChannel::largest_profile) {
    stop();
    ::munmap(shared_, PluginChannel::bytes);
    throw NoSubject(path_ + ": hdq_kernel_v1.profile is longer than 16 MiB");
  }
  info_.profile.assign(reinterpret_cast<const char*>(shared_->data()), c.profile_bytes);
}

PluginSubject::~PluginSubject() {
  stop();
  ::munmap(shared_, PluginChannel::bytes);
}

void PluginSubject::start() {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) throw NoSubject("no socket for the kernel's process");
  shared_->signal = 0;
  shared_->loaded = false;
  shared_->message[0] = 0;
  child_ = ::fork();
  if (child_ < 0) throw NoSubject("no process for the kernel");
  if (child_ == 0) {
    ::close(ends[0]);
    run_plugin_child(path_.c_str(), ends[1], *shared_);
  }
  ::close(ends[1]);
  socket_ = ends[0];
  bool timed_out = false;
  if (!wait_for_answer(timed_out)) throw NoSubject(path_ + (timed_out ? ": hangs while loading" : ": crashes while loading"));
  if (!shared_->loaded) throw NoSubject(shared_->message);
}

void PluginSubject::stop() {
  if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  if (child_ > 0) {
    ::kill(child_, SIGKILL);
    int status = 0;
    while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
    child_ = -1;
  }
}

bool PluginSubject::wait_for_answer(bool& timed_out) const {
  const auto deadline = std::chrono::steady_clock::now() + time_limit_;
  for (;;) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd descriptor{socket_, POLLIN, 0};
    const int ready = ::poll(&descriptor, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (ready < 0 && errno == EINTR) continue;
    if (ready == 0) {
      timed_out = true;
      return false;
    }
    char token;
    return ::read(socket_, &token, 1) == 1;
  }
}

namespace {

std::string distance_text(long distance, std::uint64_t size) {
  if (distance < 0) return fmt::format("{} bytes before", -distance);
  if (static_cast<std::uint64_t>(distance) >= size) return fmt::format("{} bytes behind the end of", distance - static_cast<long>(size) + 1);
  return fmt::format("at byte {} of", distance);
}

std::uint64_t size_of(const Request& request, bool input, int index) {
  const auto i = static_cast<std::size_t>(index);
  return input ? request.inputs[i].size() : request.output_bytes[i];
}

}  // namespace

// The child ended, or is to be ended, without an answer.
Reply PluginSubject::end_of_child(bool timed_out, const Request& request) {
  const auto& c = *shared_;
  Reply reply;
  reply.outcome = Outcome::crashed;
  int status = 0;
  if (timed_out) {
    reply.outcome = Outcome::hung;
    reply.detail = fmt::format("no answer within {:.3g} s", std::chrono::duration<double>(time_limit_).count());
  } else {
    while (::waitpid(child_, &status, 0) < 0 && errno == EINTR) {
    }
    child_ = -1;
    const int signal = c.signal != 0 ? c.signal : WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    if (signal == 0) reply.detail = fmt::format("the process exited with status {}", WEXITSTATUS(status));
    else reply.detail = fmt::format("SIG{}", ::sigabbrev_np(signal));
    if (signal != 0 && c.fault_known) {
      reply.outcome = c.fault_input && c.fault_inside && c.fault_write ? Outcome::wrote_input : Outcome::touched_guard;
      reply.detail = fmt::format("{} {} {} {}", c.fault_write ? "wrote" : "read",
                                 distance_text(c.fault_distance, size_of(request, c.fault_input, c.fault_buffer)),
                                 c.fault_input ? "input" : "output", static_cast<int>(c.fault_buffer));
    }
  }
  stop();
  return reply;
}

Reply PluginSubject::call(const Request& request) {
  Reply reply;
  if (child_ < 0) {
    try {
      start();
    } catch (const NoSubject& gone) {
      stop();
      reply.outcome = Outcome::crashed;
      reply.detail = gone.what();
      return reply;
    }
  }
  auto& c = *shared_;
  c.operation = request.operation;
  c.config = request.config;
  c.first_row = request.first_row;
  c.rows = request.rows;
  c.count = request.count;
  c.word = request.word;
  c.placement = request.placement;
  c.inputs = request.inputs.size();
  c.outputs = request.output_bytes.size();
  c.signal = 0;
  c.fault_known = false;
  std::size_t used = 0;
  std::uint8_t* data = c.data();
  for (std::size_t i = 0; i < c.inputs; ++i) {
    c.input_bytes[i] = request.inputs[i].size();
    used += c.input_bytes[i];
  }
  std::size_t results = 0;
  for (std::size_t i = 0; i < c.outputs; ++i) {
    c.output_bytes[i] = request.output_bytes[i];
    results += c.output_bytes[i];
  }
  if (used + results + PluginChannel::data_offset > PluginChannel::bytes) throw std::length_error("a request larger than the shared memory");
  for (const auto& input : request.inputs) {
    if (!input.empty()) std::memcpy(data, input.data(), input.size());
    data += input.size();
  }

  char token = 1;
  bool timed_out = false;
  if (::send(socket_, &token, 1, MSG_NOSIGNAL) != 1 || !wait_for_answer(timed_out)) return end_of_child(timed_out, request);

  reply.outcome = c.outcome;
  reply.row = c.row;
  reply.column = c.column;
  reply.size = c.size;
  if (c.outcome == Outcome::wrote_outside) {
    reply.detail = fmt::format("wrote {} output {}", distance_text(c.fault_distance, size_of(request, false, c.fault_buffer)),
                               static_cast<int>(c.fault_buffer));
  }
  if (!reply.ok()) return reply;
  for (std::size_t i = 0; i < c.outputs; ++i) {
    reply.outputs.emplace_back(data, data + c.output_bytes[i]);
    data += c.output_bytes[i];
  }
  return reply;
}

}  // namespace hdq::validate
