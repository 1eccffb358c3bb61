#include "row_message.hpp"

#include <cstring>

namespace hdq::mpi {

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

EncodedRows RowMessage::get(Parcel& message, std::uint64_t row_number) const {
  if (!coder_) {
    EncodedRows row(codec_.parameters(), 1, codec_.code_bytes(), row_number);
    row.buffer().norms()[0] = message.get<float>();
    std::memcpy(row.buffer().codes().data(), message.get_bytes(codec_.code_bytes()).data(), codec_.code_bytes());
    return row;
  }
  PackedRows packed{row_number, {message.get<std::uint32_t>()}, {}, {}};
  const std::span<const std::uint8_t> raw = message.get_bytes(coder_->raw_bytes());
  packed.raw.assign(raw.begin(), raw.end());
  const std::span<const std::uint8_t> stream = message.get_bytes(packed.lengths[0]);
  packed.streams.assign(stream.begin(), stream.end());
  return coder_->decode(packed);
}

}  // namespace hdq::mpi
