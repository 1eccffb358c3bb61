// Pieces of work that ranks do in turns and rank 0 collects in order.
#pragma once

#include <exception>
#include <utility>

#include "job.hpp"

namespace hdq::mpi {

// Collective. make(i) for piece i on rank i mod ranks(), as a message that is not empty; take(i, message) for i = 0, 1, … on rank 0. A rank makes its next piece while rank 0 takes
// the last. After an error nothing more is begun, and all throw it.
template <class Make, class Take>
void run_in_turns(const Job& job, std::uint64_t pieces, const Make& make, const Take& take);

namespace detail {

constexpr int piece_tag = 2, stop_tag = 3;

inline Bytes receive_piece(const Job& job, int from) {
  MPI_Status status;
  check(MPI_Probe(from, piece_tag, job.comm(), &status), "MPI_Probe");
  int count = 0;
  check(MPI_Get_count(&status, MPI_BYTE, &count), "MPI_Get_count");
  Bytes bytes(static_cast<std::size_t>(count));
  check(MPI_Recv(bytes.data(), count, MPI_BYTE, from, piece_tag, job.comm(), MPI_STATUS_IGNORE), "MPI_Recv");
  return bytes;
}

inline bool is_stopped(const Job& job) {
  int flag = 0;
  check(MPI_Iprobe(0, stop_tag, job.comm(), &flag, MPI_STATUS_IGNORE), "MPI_Iprobe");
  return flag != 0;
}

// Rank 0 is told by an empty message that no more come, and tells once that none is wanted.
template <class Make>
std::exception_ptr send_pieces(const Job& job, std::uint64_t pieces, const Make& make) {
  std::exception_ptr error;
  Bytes sent;
  MPI_Request request = MPI_REQUEST_NULL;
  const auto arrived = [&] { check(MPI_Wait(&request, MPI_STATUS_IGNORE), "MPI_Wait"); };
  for (auto i = static_cast<std::uint64_t>(job.rank()); i < pieces && !is_stopped(job);
       i += static_cast<std::uint64_t>(job.ranks())) {
    Bytes next;
    int length = 0;
    try {
      next = make(i);
      length = counted(next.size());
    } catch (...) {
      error = std::current_exception();
      break;
    }
    arrived();
    sent = std::move(next);
    check(MPI_Isend(sent.data(), length, MPI_BYTE, 0, piece_tag, job.comm(), &request), "MPI_Isend");
  }
  arrived();
  check(MPI_Send(nullptr, 0, MPI_BYTE, 0, piece_tag, job.comm()), "MPI_Send");
  check(MPI_Recv(nullptr, 0, MPI_BYTE, 0, stop_tag, job.comm(), MPI_STATUS_IGNORE), "MPI_Recv");
  return error;
}

template <class Make, class Take>
std::exception_ptr take_pieces(const Job& job, std::uint64_t pieces, const Make& make, const Take& take) {
  std::exception_ptr error;
  std::vector<bool> ended(static_cast<std::size_t>(job.ranks()));
  for (std::uint64_t i = 0; i < pieces; ++i) {
    const auto from = static_cast<int>(i % static_cast<std::uint64_t>(job.ranks()));
    try {
      const Bytes piece = from == 0 ? make(i) : receive_piece(job, from);
      if (piece.empty()) {  // an error there
        ended[static_cast<std::size_t>(from)] = true;
        break;
      }
      take(i, piece);
    } catch (...) {
      error = std::current_exception();
      break;
    }
  }
  for (int from = 1; from < job.ranks(); ++from) {
    check(MPI_Send(nullptr, 0, MPI_BYTE, from, stop_tag, job.comm()), "MPI_Send");
    while (!ended[static_cast<std::size_t>(from)])
      ended[static_cast<std::size_t>(from)] = receive_piece(job, from).empty();
  }
  return error;
}

}  // namespace detail

template <class Make, class Take>
void run_in_turns(const Job& job, std::uint64_t pieces, const Make& make, const Take& take) {
  const std::exception_ptr error =
      job.is_root() ? detail::take_pieces(job, pieces, make, take) : detail::send_pieces(job, pieces, make);
  job.agree(Failure::of(error));
}

}  // namespace hdq::mpi
