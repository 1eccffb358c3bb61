#include "hdq/validate/subject/side_process.hpp"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "hdq/validate/subject/contained_process.hpp"

namespace hdq::validate {
namespace {

// A length goes before the bytes: what was cut short is no result.
[[noreturn]] void tell(int descriptor, const std::function<std::string()>& body) {
  try {
    const std::string bytes = body();
    const std::uint64_t length = bytes.size();
    std::string all(reinterpret_cast<const char*>(&length), sizeof length);
    all += bytes;
    for (std::size_t done = 0; done < all.size();) {
      const ssize_t written = ::write(descriptor, all.data() + done, all.size() - done);
      if (written < 0 && errno == EINTR) continue;
      if (written <= 0) break;
      done += static_cast<std::size_t>(written);
    }
  } catch (...) {
  }
  ::_exit(0);
}

}  // namespace

SideProcess::SideProcess(const std::function<std::string()>& body) {
  std::array<int, 2> ends;
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
  const pid_t parent = ::getpid();
  process_ = ::fork();
  if (process_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    // The ends of other kernels' pipes: a kernel is ended by closing them.
    close_all_but({ends[1]});
    tell(ends[1], body);
  }
  const std::string why = std::strerror(errno);
  ::close(ends[1]);
  result_ = ends[0];
  if (process_ < 0) {
    ::close(result_);
    throw std::runtime_error("fork: " + why);
  }
}

SideProcess::~SideProcess() {
  ::close(result_);
  ::kill(process_, SIGKILL);
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

std::optional<std::string> SideProcess::result() {
  std::string all;
  std::array<char, 1 << 16> buffer;
  for (;;) {
    const ssize_t got = ::read(result_, buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) break;
    all.append(buffer.data(), static_cast<std::size_t>(got));
  }
  std::uint64_t length = 0;
  if (all.size() < sizeof length) return std::nullopt;
  std::memcpy(&length, all.data(), sizeof length);
  all.erase(0, sizeof length);
  if (all.size() != length) return std::nullopt;
  return all;
}

}  // namespace hdq::validate
