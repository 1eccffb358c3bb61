// Independent pieces of work on several cores.
#pragma once

#include <cstddef>
#include <optional>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/thread_pool.hpp"

namespace hdq::figures {

// Calls work(i) for each i < count, on so many threads: 0 is one per core. Where calls throw, the exception of the first of them, in
// order of i, comes through.
template <class Work>
void in_parallel(std::size_t count, int threads, const Work& work) {
  ThreadPool pool(threads);
  pool.run(count, 1, [&](std::size_t first, std::size_t last, std::size_t slot) {
    std::optional<reference::BallThread> release_caches;  // of a worker; the calling thread has balls of its own
    if (slot != 0) release_caches.emplace();
    for (std::size_t i = first; i < last; ++i) work(i);
  });
}

}  // namespace hdq::figures
