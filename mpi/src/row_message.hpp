// Encoded rows as bytes to send: norms and codes, or streams of entropy-coded rows.
#pragma once

#include <cstdint>
#include <optional>

#include "hdq/codec.hpp"
#include "hdq/entropy_coder.hpp"
#include "parcel.hpp"

namespace hdq::mpi {

class RowMessage {
 public:
  explicit RowMessage(const Codec& codec);

  // Appends one row.
  void put(const EncodedView& row, Bytes& message) const;
  // The row that comes next. Error for what is none.
  EncodedRows get(Parcel& message, std::uint64_t row_number) const;

 private:
  Codec codec_;
  std::optional<EntropyCoder> coder_;
};

}  // namespace hdq::mpi
