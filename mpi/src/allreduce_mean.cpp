// Both exchanges of SPEC §9: one row for each block of a vector and, with reduce_scatter, for each rank's part of a block.
#include <algorithm>
#include <bit>
#include <exception>
#include <map>
#include <string>

#include "hdq/mean.hpp"
#include "hdq/mpi.hpp"
#include "row_message.hpp"

namespace hdq::mpi {
namespace {

// ---- agreement ----

struct Field {
  const char* name;
  std::uint64_t value;
};

// InvalidArgument, on all ranks, where one has another value.
void require_agreement(MPI_Comm comm, const std::vector<Field>& fields) {
  std::vector<std::uint64_t> least;  // of each value and of its complement
  for (const Field& field : fields) {
    least.push_back(field.value);
    least.push_back(~field.value);
  }
  check(MPI_Allreduce(MPI_IN_PLACE, least.data(), counted(least.size()), MPI_UINT64_T, MPI_MIN, comm), "MPI_Allreduce");
  for (std::size_t i = 0; i < fields.size(); ++i)
    if (least[2 * i] != ~least[2 * i + 1])
      throw InvalidArgument(std::string("ranks disagree about the ") + fields[i].name + ": " +
                            std::to_string(least[2 * i]) + " to " + std::to_string(~least[2 * i + 1]));
}

std::vector<Field> fields_of(std::size_t numbers, const Codec& codec, std::uint32_t round, Exchange exchange) {
  const EncodingParameters p = codec.parameters();
  return {{"number of numbers", numbers},
          {"dimension of the codec", p.dimension},
          {"scheme", static_cast<std::uint64_t>(p.scheme)},
          {"bits", static_cast<std::uint64_t>(p.bits)},
          {"step (its bits)", std::bit_cast<std::uint32_t>(p.step)},
          {"seed", p.seed},
          {"dither", static_cast<std::uint64_t>(p.dither)},
          {"round", round},
          {"exchange", static_cast<std::uint64_t>(exchange)}};
}

// ---- what is exchanged ----

// Of a range of a vector: which codec encodes it, under which number.
struct Piece {
  std::size_t begin, count;
  std::uint32_t number;  // among those of a round
};

// How a vector of `numbers` is cut: in blocks and, for `parts` ranks, each block in parts. Piece `block` of rank `part`.
class Cut {
 public:
  Cut(std::size_t numbers, std::size_t block, std::size_t parts) : numbers_(numbers), block_(block), parts_(parts) {}
  std::size_t blocks() const { return (numbers_ + block_ - 1) / block_; }
  Piece piece(std::size_t block, std::size_t part) const {
    const std::size_t begin = block * block_, size = std::min(block_, numbers_ - begin);
    const std::size_t first = size * part / parts_, last = size * (part + 1) / parts_;
    return {begin + first, last - first, static_cast<std::uint32_t>(block * parts_ + part)};
  }

 private:
  std::size_t numbers_, block_, parts_;
};

// Codecs of the lengths that pieces have: three at most.
class Codecs {
 public:
  explicit Codecs(const Codec& codec, std::uint64_t seed) : codec_(codec), seed_(seed) {}
  struct Pair {
    Codec codec;
    RowMessage message;
  };
  const Pair& of(std::size_t dimension) {
    const auto found = known_.find(dimension);
    if (found != known_.end()) return found->second;
    EncodingParameters parameters = codec_.parameters();
    parameters.dimension = dimension;
    parameters.seed = seed_;
    const Codec codec(parameters, {codec_.isa(), codec_.threads()});
    return known_.emplace(dimension, Pair{codec, RowMessage(codec)}).first->second;
  }

 private:
  Codec codec_;
  std::uint64_t seed_;
  std::map<std::size_t, Pair> known_;
};

// Row numbers of a round: each rank's for each piece.
std::uint64_t row_of(std::uint32_t round, std::size_t rank, std::size_t ranks, const Piece& piece) {
  return client_row(static_cast<std::uint32_t>(piece.number * ranks + rank), round);
}

void put_row(Codecs& codecs, std::span<const float> x, std::uint64_t row, Bytes& message) {
  const Codecs::Pair& c = codecs.of(x.size());
  c.message.put(c.codec.encode(RowsView<const float>(x.data(), 1, x.size()), row), message);
}

constexpr int failed = -1;  // in place of a length

[[noreturn]] void throw_failed(int rank) {
  throw Error("rank " + std::to_string(rank) + " failed: the mean was not taken");
}

// Lengths of messages, which tell too who has none to send. `error` is this rank's own.
void require_all(std::span<const int> lengths, const std::exception_ptr& error) {
  if (error) std::rethrow_exception(error);
  for (std::size_t rank = 0; rank < lengths.size(); ++rank)
    if (lengths[rank] == failed) throw_failed(static_cast<int>(rank));
}

std::vector<int> offsets_of(const std::vector<int>& lengths) {
  std::vector<int> offsets;
  std::size_t at = 0;
  for (const int length : lengths) {
    offsets.push_back(counted(at));
    at += static_cast<std::size_t>(length);
  }
  counted(at);
  return offsets;
}

std::size_t sum(const std::vector<int>& lengths) {
  std::size_t total = 0;
  for (const int length : lengths) total += static_cast<std::size_t>(length);
  return total;
}

// Every rank's message, one after the other; lengths: of each.
struct Received {
  Bytes bytes;
  std::vector<int> lengths, offsets;
  Parcel from(std::size_t rank) const {
    return Parcel(
        std::span(bytes).subspan(static_cast<std::size_t>(offsets[rank]), static_cast<std::size_t>(lengths[rank])));
  }
};

// make() is this rank's message for all.
template <class Make>
Received gather_all(MPI_Comm comm, AllreduceReport& report, const Make& make) {
  const auto ranks = static_cast<std::size_t>(size_of(comm));
  Bytes message;
  std::exception_ptr error;
  int length = failed;
  try {
    message = make();
    length = counted(message.size());
  } catch (...) {
    error = std::current_exception();
  }
  Received all;
  all.lengths.resize(ranks);
  check(MPI_Allgather(&length, 1, MPI_INT, all.lengths.data(), 1, MPI_INT, comm), "MPI_Allgather");
  require_all(all.lengths, error);
  all.offsets = offsets_of(all.lengths);
  all.bytes.resize(sum(all.lengths));
  check(MPI_Allgatherv(message.data(), length, MPI_BYTE, all.bytes.data(), all.lengths.data(), all.offsets.data(),
                       MPI_BYTE, comm),
        "MPI_Allgatherv");
  report.bytes_sent += message.size() * (ranks - 1);
  return all;
}

// make(rank) is this rank's message for that one.
template <class Make>
Received scatter_all(MPI_Comm comm, AllreduceReport& report, const Make& make) {
  const auto ranks = static_cast<std::size_t>(size_of(comm)), own = static_cast<std::size_t>(rank_of(comm));
  Bytes messages;
  std::vector<int> lengths(ranks, failed);
  std::exception_ptr error;
  try {
    std::vector<int> made;
    for (std::size_t rank = 0; rank < ranks; ++rank) {
      const std::size_t before = messages.size();
      make(rank, messages);
      made.push_back(counted(messages.size() - before));
    }
    counted(messages.size());
    lengths = made;
  } catch (...) {
    error = std::current_exception();
  }
  Received all;
  all.lengths.resize(ranks);
  check(MPI_Alltoall(lengths.data(), 1, MPI_INT, all.lengths.data(), 1, MPI_INT, comm), "MPI_Alltoall");
  require_all(all.lengths, error);
  const std::vector<int> offsets = offsets_of(lengths);
  all.offsets = offsets_of(all.lengths);
  all.bytes.resize(sum(all.lengths));
  check(MPI_Alltoallv(messages.data(), lengths.data(), offsets.data(), MPI_BYTE, all.bytes.data(), all.lengths.data(),
                      all.offsets.data(), MPI_BYTE, comm),
        "MPI_Alltoallv");
  report.bytes_sent += messages.size() - static_cast<std::size_t>(lengths[own]);
  return all;
}

// What every message begins with, so that reports agree.
struct Head {
  double weight = 0, error = 0, square = 0;
};
// ---- the exchanges ----

struct Call {
  MPI_Comm comm;
  const Codec& codec;
  std::uint32_t round;
  double weight;
  std::size_t rank, ranks;
};

// Every rank's message of the first exchange: its weight, then its rows, piece after piece.
class Contributions {
 public:
  Contributions(const Call& call, const Received& received) : call_(call) {
    for (std::size_t rank = 0; rank < call.ranks; ++rank) {
      from_.push_back(received.from(rank));
      weights_.push_back(from_.back().get<Head>().weight);
    }
  }
  // Of the ranks' rows of the next piece.
  MeanAccumulator sum(const Codecs::Pair& c, const Piece& piece) {
    MeanAccumulator all(piece.count, c.codec.seed());
    for (std::size_t rank = 0; rank < call_.ranks; ++rank)
      all.add(c.codec, c.message.get(from_[rank], row_of(call_.round, rank, call_.ranks, piece)), weights_[rank]);
    return all;
  }

 private:
  const Call& call_;
  std::vector<Parcel> from_;
  std::vector<double> weights_;
};

void one_shot(const Call& call, std::span<const float> x, std::span<float> out, AllreduceReport& report) {
  const Cut cut(x.size(), call.codec.dimension(), 1);
  Codecs codecs(call.codec, call.codec.seed());
  const Received all = gather_all(call.comm, report, [&] {
    Bytes message;
    put(message, Head{.weight = call.weight});
    for (std::size_t block = 0; block < cut.blocks(); ++block) {
      const Piece p = cut.piece(block, 0);
      put_row(codecs, x.subspan(p.begin, p.count), row_of(call.round, call.rank, call.ranks, p), message);
    }
    return message;
  });
  Contributions rows(call, all);
  for (std::size_t block = 0; block < cut.blocks(); ++block) {
    const Piece p = cut.piece(block, 0);
    const Codecs::Pair& c = codecs.of(p.count);
    const MeanAccumulator mean = rows.sum(c, p);
    mean.mean(out.subspan(p.begin, p.count), c.codec.isa());
    report.error_bound += mean.error_bound();
    report.mean_square += mean.mean_square();
  }
}

void reduce_scatter(const Call& call, std::span<const float> x, std::span<float> out, AllreduceReport& report) {
  const Cut cut(x.size(), call.codec.dimension(), call.ranks);
  Codecs first(call.codec, call.codec.seed());
  const Received parts = scatter_all(call.comm, report, [&](std::size_t to, Bytes& message) {
    put(message, Head{.weight = call.weight});
    for (std::size_t block = 0; block < cut.blocks(); ++block) {
      const Piece p = cut.piece(block, to);
      if (p.count > 0)
        put_row(first, x.subspan(p.begin, p.count), row_of(call.round, call.rank, call.ranks, p), message);
    }
  });

  // The means of this rank's parts, encoded anew: signs and words of another seed, so independent of the first.
  Codecs second(call.codec, call.codec.seed() ^ std::uint64_t{1} << 63);
  const Received means = gather_all(call.comm, report, [&] {
    Contributions contributions(call, parts);
    Head head;
    Bytes rows;
    std::vector<float> mean;
    for (std::size_t block = 0; block < cut.blocks(); ++block) {
      const Piece p = cut.piece(block, call.rank);
      if (p.count == 0) continue;
      const Codecs::Pair& c = first.of(p.count);
      const MeanAccumulator sum = contributions.sum(c, p);
      mean.resize(p.count);
      sum.mean(mean, c.codec.isa());
      double square = 0;
      for (const float value : mean) square += static_cast<double>(value) * static_cast<double>(value);
      head.error += sum.error_bound() + call.codec.error_bound() * square;
      head.square += sum.mean_square();
      put_row(second, mean, client_row(p.number, call.round), rows);
    }
    Bytes message;
    put(message, head);
    append(message, rows.data(), rows.size());
    return message;
  });
  for (std::size_t rank = 0; rank < call.ranks; ++rank) {
    Parcel from = means.from(rank);
    const auto head = from.get<Head>();
    report.error_bound += head.error;
    report.mean_square += head.square;
    for (std::size_t block = 0; block < cut.blocks(); ++block) {
      const Piece p = cut.piece(block, rank);
      if (p.count == 0) continue;
      const Codecs::Pair& c = second.of(p.count);
      c.codec.decode(c.message.get(from, client_row(p.number, call.round)), {out.data() + p.begin, 1, p.count});
    }
  }
}

}  // namespace

AllreduceReport allreduce_mean(MPI_Comm comm, std::span<float> x, const Codec& codec, std::uint32_t round,
                               const AllreduceOptions& options) {
  const auto rank = static_cast<std::size_t>(rank_of(comm)), ranks = static_cast<std::size_t>(size_of(comm));
  std::vector<Field> fields = fields_of(x.size(), codec, round, options.exchange);
  const bool weighted =
      options.weight >= MeanAccumulator::least_weight && options.weight <= MeanAccumulator::most_weight;
  fields.push_back({"range of the weights (0: within it)", weighted ? 0u : 1u});
  require_agreement(comm, fields);
  if (!weighted) throw InvalidArgument("weight: " + std::to_string(options.weight) + " is not in [2^-100, 2^100]");
  if (codec.dither() != Dither::row)
    throw InvalidArgument("rows with a shared dither keep an error in common: a mean takes words of each rank's own");
  const std::size_t blocks = x.size() / codec.dimension() + 1;
  if (ranks > 0xffff || blocks > (std::uint64_t{1} << 32) / (ranks * ranks))
    throw InvalidArgument(std::to_string(x.size()) + " numbers in blocks of " + std::to_string(codec.dimension()) +
                          " on " + std::to_string(ranks) + " ranks: more than 2^32 rows a round");
  AllreduceReport report;
  if (x.empty()) return report;
  const Call call{comm, codec, round, options.weight, rank, ranks};
  std::vector<float> out(x.size());
  if (options.exchange == Exchange::one_shot)
    one_shot(call, x, out, report);
  else
    reduce_scatter(call, x, out, report);
  std::ranges::copy(out, x.begin());
  return report;
}

}  // namespace hdq::mpi
