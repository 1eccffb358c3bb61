// Encoded rows as bytes to send: norms and codes, or streams of entropy-coded rows.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "communicator.hpp"
#include "hdq/codec.hpp"
#include "hdq/entropy_coder.hpp"

namespace hdq::mpi {

class RowMessage {
 public:
  explicit RowMessage(const Codec& codec);

  // Appends one row.
  void put(const EncodedView& row, Bytes& message) const;
  // The row at the front of `message`, which then is behind it. Error for what is none.
  EncodedRows get(std::span<const std::uint8_t>& message, std::uint64_t row_number) const;

 private:
  Codec codec_;
  std::optional<EntropyCoder> coder_;
};

}  // namespace hdq::mpi
