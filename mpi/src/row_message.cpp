#include "row_message.hpp"

#include <cstring>

namespace hdq::mpi {
namespace {

std::span<const std::uint8_t> take(std::span<const std::uint8_t>& message, std::size_t size) {
  if (size > message.size()) throw Error("a message ends within a row");
  const std::span<const std::uint8_t> front = message.first(size);
  message = message.subspan(size);
  return front;
}

template <class T>
T take(std::span<const std::uint8_t>& message) {
  T value;
  std::memcpy(&value, take(message, sizeof value).data(), sizeof value);
  return value;
}

}  // namespace

RowMessage::RowMessage(const Codec& codec) : codec_(codec) {
  if (codec.scheme() == SchemeId::entropy_coded) coder_.emplace(codec);
}

void RowMessage::put(const EncodedView& row, Bytes& message) const {
  if (!coder_) {
    append(message, row.norms().data(), sizeof(float));
    append(message, row.codes().data(), row.codes().size());
    return;
  }
  const PackedRows packed = coder_->encode(row);
  append(message, packed.lengths.data(), sizeof packed.lengths[0]);
  append(message, packed.raw.data(), packed.raw.size());
  append(message, packed.streams.data(), packed.streams.size());
}

EncodedRows RowMessage::get(std::span<const std::uint8_t>& message, std::uint64_t row_number) const {
  if (!coder_) {
    EncodedRows row(codec_.parameters(), 1, codec_.code_bytes(), row_number);
    row.buffer().norms()[0] = take<float>(message);
    std::memcpy(row.buffer().codes().data(), take(message, codec_.code_bytes()).data(), codec_.code_bytes());
    return row;
  }
  PackedRows packed{row_number, {take<std::uint32_t>(message)}, {}, {}};
  const std::span<const std::uint8_t> raw = take(message, coder_->raw_bytes());
  packed.raw.assign(raw.begin(), raw.end());
  const std::span<const std::uint8_t> stream = take(message, packed.lengths[0]);
  packed.streams.assign(stream.begin(), stream.end());
  return coder_->decode(packed);
}

}  // namespace hdq::mpi
