#include "hdq/io/input.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "byte_source.hpp"
#include "hdq/io/text.hpp"

namespace hdq::io {

std::string read_text(const std::string& name, std::size_t limit) try {
  const auto source = name == "-" ? detail::standard_input() : detail::file_source(detail::open_regular(name));
  std::string text;
  constexpr std::size_t part = std::size_t{1} << 16;
  for (;;) {
    const std::size_t done = text.size();
    if (done > limit) throw BadInput("longer than " + std::to_string(limit) + " bytes");
    text.resize(done + part);
    text.resize(done + source->read(done, text.data() + done, part));
    if (text.size() < done + part) break;
  }
  if (text.size() > limit) throw BadInput("longer than " + std::to_string(limit) + " bytes");
  return text;
} catch (const BadInput& bad) {
  throw BadInput((name == "-" ? "standard input" : printable(name)) + ": " + bad.what());
}

StoredInput::StoredInput() : descriptor_(-1) {
  try {
    const auto input = detail::standard_input();
    descriptor_ = input->seekable() ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3) : detail::spool(*input).release();
  } catch (const BadInput& bad) {
    throw BadInput(std::string("standard input: ") + bad.what());
  }
}

StoredInput::~StoredInput() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

StoredInput::StoredInput(StoredInput&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

StoredInput& StoredInput::operator=(StoredInput&& other) noexcept {
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

std::string StoredInput::path() const { return "/proc/self/fd/" + std::to_string(descriptor_); }

}  // namespace hdq::io
