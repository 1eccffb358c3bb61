// Work on runs of rows, one run per thread.
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <thread>
#include <vector>

namespace hdq::detail {

// Runs work(first, last) on consecutive runs of [0, count), one per thread, and rethrows the failure of the earliest run.
template <class Work>
void parallel_runs(std::size_t count, int threads, const Work& work) {
  const std::size_t parts = std::min(static_cast<std::size_t>(threads), count);
  if (parts <= 1) return work(std::size_t{0}, count);
  std::vector<std::exception_ptr> failures(parts);
  const auto run = [&](std::size_t part) {
    try {
      work(count / parts * part + std::min(part, count % parts), count / parts * (part + 1) + std::min(part + 1, count % parts));
    } catch (...) {
      failures[part] = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> workers;
    for (std::size_t part = 1; part < parts; ++part) workers.emplace_back(run, part);
    run(0);
  }
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

inline int thread_count(int threads) { return threads > 0 ? threads : std::max(1, static_cast<int>(std::thread::hardware_concurrency())); }

}  // namespace hdq::detail
