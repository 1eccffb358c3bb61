// Standard input that is a pipe with this content, until the object's end.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace hdq::testing {

class PipedInput {
 public:
  // Written in pieces of this many bytes.
  explicit PipedInput(std::string content, std::size_t piece = 1 << 16) : content_(std::move(content)), saved_(::dup(STDIN_FILENO)) {
    int ends[2];
    if (::pipe(ends) != 0 || ::dup2(ends[0], STDIN_FILENO) < 0) throw std::runtime_error("pipe");
    ::close(ends[0]);
    writer_ = std::thread([this, piece, out = ends[1]] {
      for (std::size_t at = 0; at < content_.size();) {
        const ssize_t written = ::write(out, content_.data() + at, std::min(piece, content_.size() - at));
        if (written <= 0) break;
        at += static_cast<std::size_t>(written);
      }
      ::close(out);
    });
  }
  ~PipedInput() {
    char rest[4096];
    while (::read(STDIN_FILENO, rest, sizeof rest) > 0) {}  // what was not read must not stop the writer
    writer_.join();
    ::dup2(saved_ < 0 ? STDERR_FILENO : saved_, STDIN_FILENO);
    if (saved_ >= 0) ::close(saved_);
  }
  PipedInput(const PipedInput&) = delete;
  PipedInput& operator=(const PipedInput&) = delete;

 private:
  std::string content_;
  int saved_;
  std::thread writer_;
};

}  // namespace hdq::testing
