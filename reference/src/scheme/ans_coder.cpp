#include "hdq/reference/scheme/ans_coder.hpp"

namespace hdq::reference {

void AnsPutter::put(const SymbolPlace& symbol) {
  const std::uint64_t f = symbol.frequency;
  if (x_ >= f << 47) {
    words_.push_back(static_cast<std::uint32_t>(x_));
    x_ >>= 32;
  }
  x_ = x_ / f * 65536 + x_ % f + symbol.below;
}

std::vector<std::uint8_t> AnsPutter::stream() const {
  std::vector<std::uint8_t> bytes;
  for (std::uint64_t rest = x_; rest != 0 || bytes.size() < 5; rest >>= 8)
    bytes.push_back(static_cast<std::uint8_t>(rest));
  for (auto word = words_.rbegin(); word != words_.rend(); ++word)
    for (int i = 0; i < 4; ++i) bytes.push_back(static_cast<std::uint8_t>(*word >> (8 * i)));
  return bytes;
}

AnsGetter::AnsGetter(std::span<const std::uint8_t> stream) {
  if (stream.size() < 5) throw MalformedStream("fewer than 5 bytes");
  const std::size_t size = 5 + (stream.size() - 5) % 4;  // of the state
  for (std::size_t i = size; i-- > 0;) x_ = x_ << 8 | stream[i];
  if (x_ < least_state || x_ >> 63 != 0) throw MalformedStream("its state is not in [2^31, 2^63)");
  if (size > 5 && stream[size - 1] == 0) throw MalformedStream("its state has more bytes than it needs");
  words_ = stream.subspan(size);
}

void AnsGetter::take(const SymbolPlace& symbol) {
  x_ = symbol.frequency * (x_ >> 16) + (x_ & 0xFFFF) - symbol.below;
  if (x_ >= least_state) return;
  if (words_.empty()) throw MalformedStream("it ends before its last coordinate");
  for (std::size_t i = 4; i-- > 0;) x_ = x_ << 8 | words_[i];
  words_ = words_.subspan(4);
}

std::uint64_t AnsGetter::take_bit() {
  const std::uint64_t bit = x_ >> 15 & 1;
  take(place_of_bit(bit));
  return bit;
}

std::uint64_t AnsGetter::end() const {
  if (!words_.empty()) throw MalformedStream("words are left after its last coordinate");
  return x_;
}

}  // namespace hdq::reference
