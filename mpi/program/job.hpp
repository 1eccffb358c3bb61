// An MPI job as the commands of hdq-mpi see it: ranks, bytes between them, and errors that become errors of all.
#pragma once

#include <algorithm>
#include <cstdint>
#include <exception>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "parcel.hpp"

namespace hdq::mpi {

// An error that all ranks know of: each throws it, rank 0 says it.
class JobError : public std::runtime_error {
 public:
  JobError(int exit_code, const std::string& what) : std::runtime_error(what), exit_code_(exit_code) {}
  int exit_code() const { return exit_code_; }

 private:
  int exit_code_;
};

// [begin, end) of units of work.
struct Range {
  std::uint64_t begin = 0, end = 0;
  std::uint64_t size() const { return end - begin; }
};

// What an error is to the shell, and its one line.
struct Failure {
  int exit_code = 0;  // none
  std::string what;
  static Failure of(const std::exception_ptr& error);
};

class Job {
 public:
  explicit Job(MPI_Comm comm) : comm_(comm), rank_(rank_of(comm)), ranks_(size_of(comm)) {}
  int rank() const { return rank_; }
  int ranks() const { return ranks_; }
  bool is_root() const { return rank_ == 0; }

  // This rank's share of `total` units: consecutive ones, as many as any other's, or one less.
  Range share(std::uint64_t total) const {
    const auto ranks = static_cast<std::uint64_t>(ranks_), rank = static_cast<std::uint64_t>(rank_);
    const std::uint64_t each = total / ranks, more = total % ranks;
    const auto begin = [&](std::uint64_t of) { return each * of + std::min(more, of); };
    return {begin(rank), begin(rank + 1)};
  }

  // ---- collective: every rank calls it ----

  // Does it on every rank. Where some throw, all throw JobError: the error of the first such rank, whose name it has.
  template <class Action>
  auto together(const Action& action) const {
    std::exception_ptr error;
    if constexpr (std::is_void_v<std::invoke_result_t<Action>>) {
      try {
        action();
      } catch (...) {
        error = std::current_exception();
      }
      agree(Failure::of(error));
    } else {
      std::optional<std::invoke_result_t<Action>> result;
      try {
        result.emplace(action());
      } catch (...) {
        error = std::current_exception();
      }
      agree(Failure::of(error));
      return std::move(*result);
    }
  }
  // JobError, on all, where this rank or another has a failure.
  void agree(const Failure& failure) const;
  // Rank 0's bytes to all.
  void broadcast(Bytes& bytes) const;
  // Of each rank, on all.
  std::vector<Bytes> all_to_all(const Bytes& own) const;
  double sum(double own) const;
  std::uint64_t sum(std::uint64_t own) const;
  // Brings what all ranks have to rank 0, in pairs: give() is what a rank has as bytes, take(rank, bytes) adds to it what another has. A take that throws is an error of all.
  template <class Give, class Take>
  void to_root(const Give& give, const Take& take) const {
    std::exception_ptr error;
    const auto attempt = [&](const auto& action) {
      try {
        if (!error) action();
      } catch (...) {
        error = std::current_exception();
      }
    };
    for (int step = 1; step < ranks_; step *= 2) {
      if (rank_ % (2 * step) == step) {
        Bytes own;
        attempt([&] { own = give(); });
        send(rank_ - step, own);
        break;
      }
      if (rank_ + step >= ranks_) continue;
      const Bytes other = receive(rank_ + step);
      if (!other.empty()) attempt([&] { take(rank_ + step, other); });  // empty: an error there
    }
    agree(Failure::of(error));
  }

  // ---- from one rank to another, of any length ----
  void send(int to, std::span<const std::uint8_t> bytes) const;
  Bytes receive(int from) const;

  MPI_Comm comm() const { return comm_; }

 private:
  MPI_Comm comm_;
  int rank_, ranks_;
};

}  // namespace hdq::mpi
