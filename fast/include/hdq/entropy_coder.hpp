// hdq::EntropyCoder: the packing stage of the entropy-coded quantizer (SPEC §7): codes of rows to streams of bytes and back.
//
//   const hdq::Codec codec(384, hdq::Step::of_rate(2));
//   const hdq::EntropyCoder coder(codec);
//   const hdq::PackedRows packed = coder.encode(codec.encode(hdq::RowsView(x, rows, 384), 0));   // about 2 bits per coordinate
//   codec.decode(coder.decode(packed), {y, rows, 384});
//
// The same codes give the same bytes everywhere. Files (hdq/file.hpp) do this by themselves.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "hdq/codec.hpp"
#include "hdq/export.h"
#include "hdq/types.hpp"

namespace hdq {

namespace detail {
struct EntropyTables;
}

// Streams of consecutive rows, one after the other, and their raw bits. A row of zeros has no stream, and raw bits of 0.
struct PackedRows {
  std::uint64_t first_row = 0;
  std::vector<std::uint32_t> lengths;  // bytes of each row's stream
  std::vector<std::uint8_t> raw;       // rows × raw_bytes()
  std::vector<std::uint8_t> streams;   // Σ lengths
};

// Immutable, cheap to copy, safe to use from several threads; runs on the codec's threads.
class HDQ_EXPORT EntropyCoder {
 public:
  explicit EntropyCoder(const Codec& codec);  // InvalidArgument unless it is entropy-coded
  // The same tables on another codec's threads. InvalidArgument unless it has the order and the step of this one's.
  EntropyCoder on(const Codec& codec) const;

  const Codec& codec() const { return codec_; }
  std::size_t raw_bytes() const { return raw_bytes_; }  // C: of each row's raw bits
  // SPEC §7, "Tables": symbols c = −largest_symbol() … largest_symbol() and the escape, of bucket u < 64, summing to 2^16.
  int largest_symbol() const;  // K
  std::span<const std::uint16_t> frequencies(int bucket) const;

  // Rows as Codec::encode leaves them, norms included. InvalidInput for a norm that is NaN, infinite or negative.
  PackedRows encode(const EncodedView& rows) const;
  // The inverse. InvalidArgument where sizes do not fit each other or the codec; InvalidInput, naming the row, for a stream that is no row's.
  EncodedRows decode(const PackedRows& packed) const;
  // The same to the caller's memory: out has as many rows as `lengths`, and the row number of the first.
  void decode(std::span<const std::uint32_t> lengths, std::span<const std::uint8_t> raw,
              std::span<const std::uint8_t> streams, EncodedBuffer out) const;

 private:
  EntropyCoder(const Codec& codec, std::shared_ptr<const detail::EntropyTables> tables);
  Codec codec_;
  std::shared_ptr<const detail::EntropyTables> tables_;
  std::size_t raw_bytes_;
};

}  // namespace hdq
