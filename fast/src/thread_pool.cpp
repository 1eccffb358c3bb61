// Jobs lie on the stacks of their callers and in one list; a worker joins the first job that still wants one. Chunks are handed out
// in order, so when one fails all chunks before it have been taken, and will finish or fail earlier.
#include "hdq/thread_pool.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "hdq/types.hpp"

namespace hdq {
namespace {

constexpr std::chrono::microseconds awake{50};  // about what it takes to wake a thread that sleeps

void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

// Waits awake for a short while; whether `done` became true.
template <class Done>
bool wait_awake(const Done& done) {
  if (done()) return true;
  const auto end = std::chrono::steady_clock::now() + awake;
  do {
    for (int i = 0; i < 64; ++i) {
      if (done()) return true;
      pause();
    }
    std::this_thread::yield();  // to whoever could use this core
  } while (std::chrono::steady_clock::now() < end);
  return done();
}

// Threads started meanwhile have every signal blocked.
class SignalsBlocked {
 public:
  SignalsBlocked() {
    sigset_t all;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
  SignalsBlocked(const SignalsBlocked&) = delete;
  SignalsBlocked& operator=(const SignalsBlocked&) = delete;

 private:
  sigset_t before_;
};

}  // namespace

struct ThreadPool::Job {
  Job(std::size_t count_, std::size_t chunk_, Task task_, std::size_t slots_) : count(count_), chunk(chunk_), task(task_), slots(slots_) {}

  // Takes chunks until there are none.
  void work(std::size_t slot) {
    for (;;) {
      const std::size_t first = next.fetch_add(chunk, std::memory_order_relaxed);
      if (first >= count) return;
      try {
        task.call(task.work, first, first + std::min(chunk, count - first), slot);
      } catch (...) {
        failed(first, std::current_exception());
      }
    }
  }

  void failed(std::size_t first, std::exception_ptr what) {
    next.store(count, std::memory_order_relaxed);
    const std::lock_guard lock(failing);
    if (first >= failed_at) return;
    failed_at = first;
    failure = std::move(what);
  }

  const std::size_t count, chunk;
  const Task task;
  const std::size_t slots;       // threads that may join, its caller included
  std::size_t joined = 1;        // with the pool's mutex
  std::atomic<int> working{1};   // threads inside
  std::atomic<std::size_t> next{0};
  Job* later = nullptr;          // the list; with the pool's mutex
  std::mutex failing;
  std::size_t failed_at = static_cast<std::size_t>(-1);
  std::exception_ptr failure;
};

struct ThreadPool::State {
  explicit State(int count) : threads(static_cast<std::size_t>(count)) {}

  // With the mutex.
  void append(Job& job) {
    Job** end = &jobs;
    while (*end != nullptr) end = &(*end)->later;
    *end = &job;
    open.fetch_add(1, std::memory_order_release);
  }
  void remove(Job& job) {
    for (Job** at = &jobs; *at != nullptr; at = &(*at)->later)
      if (*at == &job) {
        *at = job.later;
        open.fetch_sub(1, std::memory_order_relaxed);
        return;
      }
  }

  void start() {
    if (process.load(std::memory_order_relaxed) != 0) return;
    workers.reserve(threads - 1);
    process.store(::getpid(), std::memory_order_relaxed);
    const SignalsBlocked inherited;
    try {
      while (workers.size() + 1 < threads) workers.emplace_back([this] { serve(); });
    } catch (const std::system_error&) {
      // As many as the system gives: the calling thread does what none of them takes.
    }
  }

  void serve() {
    for (;;) {
      wait_awake([this] { return open.load(std::memory_order_acquire) > 0 || stopping.load(std::memory_order_relaxed); });
      std::unique_lock lock(mutex);
      if (jobs == nullptr && !stopping) {
        ++asleep;
        wake.wait(lock, [this] { return jobs != nullptr || stopping; });
        --asleep;
      }
      if (jobs == nullptr) return;  // stopping
      Job& job = *jobs;
      const std::size_t slot = job.joined++;
      job.working.fetch_add(1, std::memory_order_relaxed);
      if (job.joined == job.slots) remove(job);
      lock.unlock();
      job.work(slot);
      leave(job);
    }
  }

  void leave(Job& job) {
    const std::lock_guard lock(mutex);
    if (job.working.fetch_sub(1, std::memory_order_acq_rel) == 1) left.notify_all();  // the job may be gone from here on
  }

  void call(Job& job) {
    {
      const std::lock_guard lock(mutex);
      start();
      append(job);
      for (std::size_t i = 1; i < job.slots && i <= asleep; ++i) wake.notify_one();
    }
    job.work(0);
    {
      const std::lock_guard lock(mutex);
      remove(job);
    }
    job.working.fetch_sub(1, std::memory_order_acq_rel);
    const auto alone = [&] { return job.working.load(std::memory_order_acquire) == 0; };
    if (wait_awake(alone)) return;
    std::unique_lock lock(mutex);
    left.wait(lock, alone);
  }

  const std::size_t threads;
  std::mutex mutex;
  std::condition_variable wake, left;
  Job* jobs = nullptr;
  std::atomic<int> open{0};  // jobs in the list, for those who wait awake
  std::size_t asleep = 0;
  std::atomic<bool> stopping{false};
  std::atomic<pid_t> process{0};  // that the workers belong to; 0 before they start
  std::vector<std::thread> workers;
};

ThreadPool::ThreadPool(int threads) {
  if (threads < 0 || threads > max_threads)
    throw InvalidArgument("threads must be 0 to " + std::to_string(max_threads) + ", not " + std::to_string(threads));
  state_ = std::make_unique<State>(threads > 0 ? threads : std::clamp(static_cast<int>(std::thread::hardware_concurrency()), 1, max_threads));
}

ThreadPool::~ThreadPool() {
  State& state = *state_;
  const pid_t process = state.process.load(std::memory_order_relaxed);
  if (process != 0 && process != ::getpid()) {
    state_.release();  // its workers are the parent's: there is nothing here to join
    return;
  }
  {
    const std::lock_guard lock(state.mutex);
    state.stopping = true;
  }
  state.wake.notify_all();
  for (std::thread& worker : state.workers) worker.join();
}

int ThreadPool::threads() const { return static_cast<int>(state_->threads); }

void ThreadPool::run_chunks(std::size_t count, std::size_t chunk, Task task) {
  if (chunk < 1) throw InvalidArgument("a chunk must not be empty");
  if (count == 0) return;
  const std::size_t slots = std::min(state_->threads, (count - 1) / chunk + 1);
  Job job(count, chunk, task, slots);
  const pid_t process = state_->process.load(std::memory_order_relaxed);
  if (slots == 1 || (process != 0 && process != ::getpid())) {
    for (std::size_t first = 0; first < count; first += std::min(chunk, count - first))
      task.call(task.work, first, first + std::min(chunk, count - first), 0);
    return;
  }
  state_->call(job);
  if (job.failure) std::rethrow_exception(job.failure);
}

}  // namespace hdq
