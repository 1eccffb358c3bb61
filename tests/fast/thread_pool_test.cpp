// hdq/thread_pool.hpp: every chunk once, the earliest failure, calls from within and from several threads, a forked child.
#include "hdq/thread_pool.hpp"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <new>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "test_support.hpp"

namespace {

std::atomic<long> allocations{0};

}  // namespace

// Both sides are replaced together; GCC, which sees one of them inlined, takes them for mismatched.
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wmismatched-new-delete"
#endif
void* operator new(std::size_t size) {
  ++allocations;
  if (void* p = std::malloc(size == 0 ? 1 : size)) return p;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size) { return operator new(size); }
void* operator new(std::size_t size, std::align_val_t alignment) {
  ++allocations;
  const std::size_t a = static_cast<std::size_t>(alignment);
  if (void* p = std::aligned_alloc(a, (size + a) / a * a)) return p;
  throw std::bad_alloc();
}
void* operator new[](std::size_t size, std::align_val_t alignment) { return operator new(size, alignment); }
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete[](void* p) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete[](void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace {

using namespace hdq;

TEST(ThreadPool, RunsEveryChunkOnceWithASlotOfItsOwn) {
  for (const int threads : {1, 2, 3, 8}) {
    ThreadPool pool(threads);
    EXPECT_EQ(pool.threads(), threads);
    for (const std::size_t count : {0u, 1u, 7u, 1000u})
      for (const std::size_t chunk : {1u, 16u, 5000u}) {
        std::vector<std::atomic<int>> done(count), inside(static_cast<std::size_t>(threads));
        std::atomic<int> shared{0}, ragged{0};
        pool.run(count, chunk, [&](std::size_t first, std::size_t last, std::size_t slot) {
          shared += inside.at(slot)++ != 0;
          ragged += first % chunk != 0 || (last - first != chunk && last != count);
          for (std::size_t i = first; i < last; ++i) ++done[i];
          --inside[slot];
        });
        for (const auto& times : done) ASSERT_EQ(times, 1);
        EXPECT_EQ(shared, 0);
        EXPECT_EQ(ragged, 0);
      }
  }
  EXPECT_THROW(ThreadPool(-1), InvalidArgument);
  EXPECT_GE(ThreadPool(0).threads(), 1);
  EXPECT_THROW(ThreadPool(2).run(5, 0, [](std::size_t, std::size_t, std::size_t) {}), InvalidArgument);
}

TEST(ThreadPool, RethrowsTheEarliestFailure) {
  ThreadPool pool(4);
  for (int trial = 0; trial < 300; ++trial) {
    try {
      pool.run(100, 1, [](std::size_t first, std::size_t, std::size_t) {
        if (first % 10 == 7) throw std::runtime_error(std::to_string(first));
      });
      FAIL();
    } catch (const std::runtime_error& e) {
      ASSERT_STREQ(e.what(), "7");
    }
  }
}

TEST(ThreadPool, WorkMayRunWork) {
  ThreadPool pool(3);
  for (int trial = 0; trial < 50; ++trial) {
    std::atomic<int> sum{0};
    pool.run(8, 1, [&](std::size_t, std::size_t, std::size_t) {
      pool.run(10, 1, [&](std::size_t first, std::size_t, std::size_t) { sum += static_cast<int>(first); });
    });
    ASSERT_EQ(sum, 8 * 45);
  }
}

TEST(ThreadPool, ServesSeveralThreadsAtOnce) {
  ThreadPool pool(3);
  std::vector<std::jthread> callers;
  std::atomic<int> wrong{0};
  for (int caller = 0; caller < 4; ++caller)
    callers.emplace_back([&] {
      for (int trial = 0; trial < 200; ++trial) {
        std::atomic<int> sum{0};
        pool.run(50, 3, [&](std::size_t first, std::size_t last, std::size_t) { sum += static_cast<int>(last - first); });
        wrong += sum != 50;
      }
    });
  callers.clear();
  EXPECT_EQ(wrong, 0);
}

TEST(ThreadPool, AForkedChildWorksAlone) {
  ThreadPool pool(3);
  const auto sum_of = [&] {
    std::atomic<int> sum{0};
    pool.run(50, 1, [&](std::size_t first, std::size_t, std::size_t) { sum += static_cast<int>(first); });
    return sum.load();
  };
  ASSERT_EQ(sum_of(), 1225);
  const pid_t child = ::fork();
  if (child == 0) ::_exit(sum_of() == 1225 ? 0 : 1);
  int status = -1;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
}

// A codec that is given a workspace allocates nothing, on any thread.
TEST(ThreadPool, HasALimit) {
  EXPECT_THROW(ThreadPool(ThreadPool::max_threads + 1), InvalidArgument);
  EXPECT_THROW(ThreadPool(-1), InvalidArgument);
  EXPECT_EQ(ThreadPool(ThreadPool::max_threads).threads(), ThreadPool::max_threads);  // none of them started
  EXPECT_THROW(Codec(8, 4, 0, {Isa::automatic, ThreadPool::max_threads + 1}), InvalidArgument);
}

std::atomic<int> signals_handled{0};

// A signal to the process goes to any thread that does not block it; to none, while this one does.
TEST(ThreadPool, WorkersBlockSignals) {
  struct sigaction counted {}, before {};
  counted.sa_handler = [](int) { ++signals_handled; };
  ASSERT_EQ(::sigaction(SIGUSR1, &counted, &before), 0);
  ThreadPool pool(4);
  std::atomic<int> inside{0};
  const auto wait_for_all = [&](std::size_t, std::size_t, std::size_t) {  // so that every worker runs
    ++inside;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (inside % 4 != 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
  };
  pool.run(4, 1, wait_for_all);
  ASSERT_EQ(inside, 4);
  sigset_t one, mask;
  ::sigemptyset(&one);
  ::sigaddset(&one, SIGUSR1);
  ::pthread_sigmask(SIG_BLOCK, &one, &mask);
  ::kill(::getpid(), SIGUSR1);
  pool.run(4, 1, wait_for_all);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(signals_handled, 0);
  ::pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  EXPECT_EQ(signals_handled, 1);
  ::sigaction(SIGUSR1, &before, nullptr);
}

TEST(Workspace, CallsAllocateNothing) {
  constexpr std::size_t n = 200, rows = 1000;
  for (const int threads : {1, 3})
    for (const int bits : {1, 4, 8}) {
      const Codec codec(n, bits, 5, {Isa::automatic, threads});
      const std::vector<float> x = test::dyadics(rows * n, 1);
      std::vector<float> y(rows * n), norms(rows);
      std::vector<std::uint8_t> codes(rows * codec.code_bytes());
      Workspace workspace(codec);
      const auto both = [&] {
        codec.encode(RowsView<const float>(x.data(), rows, n), EncodedBuffer(norms, codes, 7), &workspace);
        codec.decode(EncodedView(norms, codes, 7), {y.data(), rows, n}, &workspace);
      };
      both();  // the workers start
      const long before = allocations;
      both();
      EXPECT_EQ(allocations - before, 0) << threads << " threads, " << bits << " bits";
      EXPECT_THROW(Codec(n, bits % 8 + 1).decode(codec.encode(RowsView<const float>(x.data(), 1, n), 0), {y.data(), 1, n}), InvalidArgument);
      EXPECT_THROW(Codec(300, bits).encode(RowsView<const float>(x.data(), 1, 300), 0, &workspace), InvalidArgument);
    }
}

}  // namespace
