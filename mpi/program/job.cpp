#include "job.hpp"

#include <new>

#include "command.hpp"
#include "hdq/io/text.hpp"

namespace hdq::mpi {
namespace {

constexpr int tag = 1;
constexpr std::size_t piece_bytes = std::size_t{1} << 30;  // MPI counts in int

// piece(data, count), for all of them.
template <class Piece>
void in_pieces(std::size_t size, const Piece& piece) {
  for (std::size_t done = 0; done < size; done += piece_bytes)
    piece(done, static_cast<int>(std::min(piece_bytes, size - done)));
}

}  // namespace

Failure Failure::of(const std::exception_ptr& error) {
  if (!error) return {};
  try {
    std::rethrow_exception(error);
  } catch (const JobError&) {
    throw;  // all know it already
  } catch (const cli::UsageError& e) {
    return {cli::exit_usage, e.what()};
  } catch (const InvalidArgument& e) {
    return {cli::exit_usage, e.what()};
  } catch (const std::bad_alloc&) {
    return {cli::exit_bad_input, "out of memory"};
  } catch (const std::exception& e) {
    return {cli::exit_bad_input, e.what()};
  }
}

void Job::agree(const Failure& failure) const {
  const bool failed = failure.exit_code != 0;
  int first = failed ? rank_ : ranks_;
  check(MPI_Allreduce(MPI_IN_PLACE, &first, 1, MPI_INT, MPI_MIN, comm_), "MPI_Allreduce");
  if (first == ranks_) return;
  int code = failure.exit_code, length = static_cast<int>(std::min<std::size_t>(failure.what.size(), 1 << 16));
  check(MPI_Bcast(&code, 1, MPI_INT, first, comm_), "MPI_Bcast");
  check(MPI_Bcast(&length, 1, MPI_INT, first, comm_), "MPI_Bcast");
  std::string what = failure.what;
  what.resize(static_cast<std::size_t>(length));
  check(MPI_Bcast(what.data(), length, MPI_CHAR, first, comm_), "MPI_Bcast");
  int same = failed && what == failure.what ? 1 : 0;
  check(MPI_Allreduce(MPI_IN_PLACE, &same, 1, MPI_INT, MPI_MIN, comm_), "MPI_Allreduce");
  throw JobError(code, same != 0 && ranks_ > 1 ? what : "rank " + std::to_string(first) + ": " + what);
}

void Job::broadcast(Bytes& bytes) const {
  std::uint64_t size = bytes.size();
  check(MPI_Bcast(&size, 1, MPI_UINT64_T, 0, comm_), "MPI_Bcast");
  together([&] { bytes.resize(static_cast<std::size_t>(size)); });
  in_pieces(bytes.size(), [&](std::size_t at, int count) {
    check(MPI_Bcast(bytes.data() + at, count, MPI_BYTE, 0, comm_), "MPI_Bcast");
  });
}

std::vector<Bytes> Job::all_to_all(const Bytes& own) const {
  const int length = together([&] { return counted(own.size()); });
  std::vector<int> lengths(static_cast<std::size_t>(ranks_)), offsets;
  check(MPI_Allgather(&length, 1, MPI_INT, lengths.data(), 1, MPI_INT, comm_), "MPI_Allgather");
  std::size_t total = 0;
  together([&] {
    for (const int each : lengths) {
      offsets.push_back(counted(total));
      total += static_cast<std::size_t>(each);
    }
    counted(total);
  });
  Bytes all(total);
  check(MPI_Allgatherv(own.data(), length, MPI_BYTE, all.data(), lengths.data(), offsets.data(), MPI_BYTE, comm_),
        "MPI_Allgatherv");
  std::vector<Bytes> each;
  for (std::size_t rank = 0; rank < lengths.size(); ++rank)
    each.emplace_back(all.begin() + offsets[rank], all.begin() + offsets[rank] + lengths[rank]);
  return each;
}

double Job::sum(double own) const {
  check(MPI_Allreduce(MPI_IN_PLACE, &own, 1, MPI_DOUBLE, MPI_SUM, comm_), "MPI_Allreduce");
  return own;
}
std::uint64_t Job::sum(std::uint64_t own) const {
  check(MPI_Allreduce(MPI_IN_PLACE, &own, 1, MPI_UINT64_T, MPI_SUM, comm_), "MPI_Allreduce");
  return own;
}

void Job::send(int to, std::span<const std::uint8_t> bytes) const {
  const std::uint64_t size = bytes.size();
  check(MPI_Send(&size, 1, MPI_UINT64_T, to, tag, comm_), "MPI_Send");
  in_pieces(bytes.size(), [&](std::size_t at, int count) {
    check(MPI_Send(bytes.data() + at, count, MPI_BYTE, to, tag, comm_), "MPI_Send");
  });
}

Bytes Job::receive(int from) const {
  std::uint64_t size = 0;
  check(MPI_Recv(&size, 1, MPI_UINT64_T, from, tag, comm_, MPI_STATUS_IGNORE), "MPI_Recv");
  Bytes bytes(static_cast<std::size_t>(size));
  in_pieces(bytes.size(), [&](std::size_t at, int count) {
    check(MPI_Recv(bytes.data() + at, count, MPI_BYTE, from, tag, comm_, MPI_STATUS_IGNORE), "MPI_Recv");
  });
  return bytes;
}

}  // namespace hdq::mpi
