// Threads that stay between calls, for codecs and searches to share.
//
//   auto pool = std::make_shared<hdq::ThreadPool>(4);
//   hdq::Codec a(384, 4, 0, {.pool = pool}), b(768, 2, 0, {.pool = pool});
#pragma once

#include <cstddef>
#include <memory>

#include "hdq/export.h"

namespace hdq {

// `threads` counts the calling thread: a pool of n has n − 1 workers, started by the first call that needs them. A worker waits
// for its next work awake for some ten microseconds, then asleep.
//
// run() may be called from several threads at once, and from within work that a pool runs: the calling thread always works itself,
// so that no call waits for a free worker.
//
// Signals are not for workers: they block all, so that the threads of the program that meant to handle them do.
//
// Fork: workers do not survive it. A child process may use a pool that its parent had used; there, all work is done by the calling
// thread. The child must not be forked while another thread is inside a call.
class HDQ_EXPORT ThreadPool {
 public:
  static constexpr int max_threads = 1024;
  explicit ThreadPool(int threads = 0);  // 0: one per hardware thread; otherwise 1 to max_threads, or InvalidArgument
  ~ThreadPool();                         // no call may be in progress
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const;

  // Cuts [0, count) into chunks of `chunk` >= 1 (the last one may be shorter) and calls work(first, last, slot) for each, in order
  // of their beginnings, on up to threads() threads at once. slot < threads() is a number that no other thread has during this
  // call: the index of the thread's own scratch memory. Returns when all is done. Where chunks throw, the exception of the first of
  // them, in order of their beginnings, is rethrown; chunks after it may not have run. Allocates nothing once the workers run.
  template <class Work>
  void run(std::size_t count, std::size_t chunk, const Work& work) {
    run_chunks(count, chunk, {&work, [](const void* w, std::size_t first, std::size_t last, std::size_t slot) {
                                (*static_cast<const Work*>(w))(first, last, slot);
                              }});
  }

 private:
  struct Task {
    const void* work;
    void (*call)(const void* work, std::size_t first, std::size_t last, std::size_t slot);
  };
  struct Job;
  struct State;
  void run_chunks(std::size_t count, std::size_t chunk, Task task);
  std::unique_ptr<State> state_;
};

}  // namespace hdq
