// hdq::mpi: means of vectors that lie on many ranks, exchanged as codes (SPEC §9).
//
//   const hdq::Codec codec(x.size(), hdq::Step::of_rate(2), seed);
//   hdq::mpi::allreduce_mean(MPI_COMM_WORLD, x, codec, round);      // x: this rank's vector, then the mean of all
//
// The mean is unbiased, and all ranks get the same bytes. Build with -DHDQ_MPI=ON, link hdq::mpi.
#pragma once

#include <mpi.h>

#include <cstdint>
#include <span>

#include "hdq/codec.hpp"
#include "hdq/types.hpp"

namespace hdq::mpi {

// How ranks exchange their vectors.
enum class Exchange {
  // Each rank receives its part of every vector, averages, encodes the mean anew with offsets of its own and sends it to all: about 2·n codes a rank,
  // however many ranks. Its error has two terms: that of the mean of codes, which falls as 1/P, and that of the mean's own code, which does not.
  reduce_scatter,
  // Each rank receives every vector whole: (P − 1)·n codes a rank, and the first term alone.
  one_shot,
};

struct AllreduceOptions {
  Exchange exchange = Exchange::reduce_scatter;
  double weight = 1;  // of this rank's vector, as MeanAccumulator has them
};

struct AllreduceReport {
  std::uint64_t bytes_sent = 0;  // by this rank to others
  // Of E‖result − mean‖², in real arithmetic and given what was received: Σ w_i² C ‖x_i‖²/W², and with reduce_scatter C·‖m‖² more, m the mean that was encoded anew.
  // Its expectation bounds the error. The same on all ranks, as is:
  double error_bound = 0;
  double mean_square = 0;  // Σ w_i ‖x_i‖²/W
};

// A collective call: every rank of comm calls it with as many numbers, a codec of the same parameters, and the same round and exchange.
// x is cut into blocks of codec.dimension() numbers, each a row of its own (the last one may be shorter), so any number of them will do. Rounds with one seed have
// numbers of their own, or errors are not independent.
//
// Errors, thrown on all ranks alike, x being what it was: InvalidArgument where ranks disagree, naming about what, or for a weight or numbers out of range;
// InvalidInput on a rank whose vector has no code, and Error, naming that rank, on the others. A rank that dies takes the job with it, as MPI has it.
AllreduceReport allreduce_mean(MPI_Comm comm, std::span<float> x, const Codec& codec, std::uint32_t round,
                               const AllreduceOptions& options = {});

}  // namespace hdq::mpi
