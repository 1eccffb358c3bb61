// MPI's C calls as functions that throw.
#pragma once

#include <mpi.h>

#include <climits>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "hdq/types.hpp"

namespace hdq::mpi {

inline void check(int code, const char* what) {
  if (code != MPI_SUCCESS) throw Error(std::string(what) + ": MPI error " + std::to_string(code));
}

inline int rank_of(MPI_Comm comm) {
  int rank = 0;
  check(MPI_Comm_rank(comm, &rank), "MPI_Comm_rank");
  return rank;
}

inline int size_of(MPI_Comm comm) {
  int size = 0;
  check(MPI_Comm_size(comm, &size), "MPI_Comm_size");
  return size;
}

// MPI counts in int.
inline int counted(std::size_t bytes) {
  if (bytes > INT_MAX)
    throw InvalidArgument("a message of " + std::to_string(bytes) + " bytes: MPI sends fewer than 2^31 at once");
  return static_cast<int>(bytes);
}

using Bytes = std::vector<std::uint8_t>;

inline void append(Bytes& message, const void* data, std::size_t size) {
  const std::size_t end = message.size();
  message.resize(end + size);
  if (size > 0) std::memcpy(message.data() + end, data, size);
}

}  // namespace hdq::mpi
