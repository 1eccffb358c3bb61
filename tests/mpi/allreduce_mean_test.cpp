// hdq::mpi::allreduce_mean on as many ranks as it is started on: the same bytes everywhere, those that MeanAccumulator and the codec give of all
// vectors in one process; errors on all ranks alike. Every rank knows every rank's vector. Exit status 1 where something is wrong.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <string>
#include <vector>

#include "hdq/mean.hpp"
#include "hdq/mpi.hpp"

namespace {

using namespace hdq;

int rank = 0, ranks = 1, failures = 0;

void expect(bool holds, const std::string& what) {
  if (holds) return;
  ++failures;
  std::fprintf(stderr, "rank %d of %d: %s\n", rank, ranks, what.c_str());
}

template <class Error, class Action>
std::string error_of(const Action& action) {
  try {
    action();
  } catch (const Error& e) {
    return e.what();
  }
  return "no such error";
}

// A rank's vector: uneven sizes, a rank of zeros, a one-hot one.
std::vector<float> vector_of(int of, std::size_t n) {
  std::vector<float> x(n);
  for (std::size_t i = 0; i < n; ++i)
    x[i] = static_cast<float>((i * 37 + static_cast<std::size_t>(of) * 101) % 64) - 30.25f;
  if (of == 1) std::fill(x.begin(), x.end(), 0.0f);
  if (of == 2) {
    std::fill(x.begin(), x.end(), 0.0f);
    x[n / 2] = 1e6f;
  }
  return x;
}
double weight_of(int of) { return 1 + of / 4.0; }

std::vector<float> true_mean(std::size_t n) {
  std::vector<double> sums(n);
  double total = 0;
  for (int of = 0; of < ranks; ++of) {
    const std::vector<float> x = vector_of(of, n);
    for (std::size_t i = 0; i < n; ++i) sums[i] += weight_of(of) * static_cast<double>(x[i]);
    total += weight_of(of);
  }
  std::vector<float> mean(n);
  for (std::size_t i = 0; i < n; ++i) mean[i] = static_cast<float>(sums[i] / total);
  return mean;
}

double squared_distance(const std::vector<float>& a, const std::vector<float>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    sum += (static_cast<double>(a[i]) - static_cast<double>(b[i])) *
           (static_cast<double>(a[i]) - static_cast<double>(b[i]));
  return sum;
}

std::uint64_t digest(const std::vector<float>& x) {
  std::uint64_t h = 14695981039346656037u;
  for (std::size_t i = 0; i < x.size() * sizeof(float); ++i)
    h = (h ^ reinterpret_cast<const unsigned char*>(x.data())[i]) * 1099511628211u;
  return h;
}
bool same_everywhere(const std::vector<float>& x) {
  std::uint64_t both[2] = {digest(x), ~digest(x)};
  MPI_Allreduce(MPI_IN_PLACE, both, 2, MPI_UINT64_T, MPI_MIN, MPI_COMM_WORLD);
  return both[0] == ~both[1];
}

std::vector<float> allreduced(std::size_t n, const Codec& codec, std::uint32_t round, mpi::Exchange exchange,
                              mpi::AllreduceReport* report = nullptr) {
  std::vector<float> x = vector_of(rank, n);
  const mpi::AllreduceReport got = mpi::allreduce_mean(MPI_COMM_WORLD, x, codec, round, {exchange, weight_of(rank)});
  if (report != nullptr) *report = got;
  return x;
}

// one_shot is MeanAccumulator's mean of all vectors, block by block; row numbers as SPEC §9 has them.
void one_shot_is_the_accumulators(std::size_t n, const Codec& codec) {
  const std::vector<float> got = allreduced(n, codec, 3, mpi::Exchange::one_shot);
  std::vector<float> expected(n);
  std::uint32_t block = 0;
  for (std::size_t begin = 0; begin < n; begin += codec.dimension(), ++block) {
    const std::size_t count = std::min(codec.dimension(), n - begin);
    EncodingParameters parameters = codec.parameters();
    parameters.dimension = count;
    const Codec of_block(parameters);
    MeanAccumulator sum(count, codec.seed());
    for (int of = ranks; of-- > 0;) {  // another order
      const std::vector<float> x = vector_of(of, n);
      sum.add(
          of_block,
          of_block.encode(RowsView<const float>(x.data() + begin, 1, count),
                          client_row(block * static_cast<std::uint32_t>(ranks) + static_cast<std::uint32_t>(of), 3)),
          weight_of(of));
    }
    sum.mean(std::span(expected).subspan(begin, count));
  }
  expect(got == expected, "one-shot is not the accumulator's mean, n = " + std::to_string(n));
}

// Over many rounds: the mean of results tends to the mean, their squared error to its bound. 60 rounds, fixed seeds: deterministic.
void is_unbiased(std::size_t n, const Codec& codec, mpi::Exchange exchange) {
  const std::vector<float> mean = true_mean(n);
  std::vector<double> sums(n);
  double errors = 0, bounds = 0;
  constexpr int rounds = 60;
  for (std::uint32_t round = 0; round < rounds; ++round) {
    mpi::AllreduceReport report;
    const std::vector<float> got = allreduced(n, codec, round, exchange, &report);
    expect(same_everywhere(got), "ranks have different means");
    errors += squared_distance(got, mean);
    bounds += report.error_bound;
    for (std::size_t i = 0; i < n; ++i) sums[i] += static_cast<double>(got[i]);
  }
  std::vector<float> average(n);
  for (std::size_t i = 0; i < n; ++i) average[i] = static_cast<float>(sums[i] / rounds);
  expect(errors < 1.5 * bounds,
         "the error is " + std::to_string(errors / bounds) + " times its bound, n = " + std::to_string(n));
  expect(squared_distance(average, mean) < 4 * bounds / rounds / rounds,
         "means of rounds do not tend to the mean, n = " + std::to_string(n));
}

void errors() {
  const std::size_t n = 100;
  const Codec codec(n, 4, 7);
  std::vector<float> x = vector_of(rank, n);
  const std::vector<float> before = x;
  const auto call = [&](const Codec& c, std::uint32_t round, std::size_t numbers, double weight = 1,
                        mpi::Exchange exchange = mpi::Exchange::reduce_scatter) {
    mpi::allreduce_mean(MPI_COMM_WORLD, std::span(x).first(numbers), c, round, {exchange, weight});
  };
  const bool last = rank == ranks - 1;
  const auto disagree = [&](const char* about, const auto& action) {
    if (ranks == 1) return;
    const std::string text = error_of<InvalidArgument>(action);
    expect(text.starts_with(std::string("ranks disagree about the ") + about), about + (": " + text));
  };
  disagree("number of numbers", [&] { call(codec, 0, last ? n - 1 : n); });
  disagree("seed", [&] { call(Codec(n, 4, last ? 8u : 7u), 0, n); });
  disagree("bits", [&] { call(Codec(n, last ? 3 : 4, 7), 0, n); });
  disagree("scheme", [&] { call(last ? Codec(n, Step(1), 7) : codec, 0, n); });
  disagree("round", [&] { call(codec, last ? 1 : 0, n); });
  disagree("exchange", [&] { call(codec, 0, n, 1, last ? mpi::Exchange::one_shot : mpi::Exchange::reduce_scatter); });
  disagree("range of the weights", [&] { call(codec, 0, n, last ? -1 : 1); });
  expect(error_of<InvalidArgument>([&] { call(codec, 0, n, 0); }).starts_with("weight: 0.000000"), "a weight of 0");
  expect(error_of<InvalidArgument>([&] {
           call(Codec(n, 4, Dither::shared, 7), 0, n);
         }).starts_with("rows with a shared dither"),
         "a shared dither");
  for (const mpi::Exchange exchange : {mpi::Exchange::one_shot, mpi::Exchange::reduce_scatter}) {
    if (last) x[n - 1] = std::numeric_limits<float>::quiet_NaN();
    const std::string text = last ? error_of<InvalidInput>([&] { call(codec, 0, n, 1, exchange); })
                                  : error_of<Error>([&] { call(codec, 0, n, 1, exchange); });
    expect(text == (last ? "row 0, column " +
                               std::to_string(
                                   exchange == mpi::Exchange::one_shot
                                       ? n - 1
                                       : n - n * static_cast<std::size_t>(ranks - 1) / static_cast<std::size_t>(ranks) -
                                             1) +
                               ": NaN cannot be encoded"
                         : "rank " + std::to_string(ranks - 1) + " failed: the mean was not taken"),
           "a NaN: " + text);
    if (last) x[n - 1] = before[n - 1];
  }
  expect(x == before, "an error changed the vector");
  x.clear();
  mpi::allreduce_mean(MPI_COMM_WORLD, x, codec, 0);  // no numbers, no rows
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  MPI_Comm_size(MPI_COMM_WORLD, &ranks);
  errors();
  // Fewer numbers than ranks, odd ones, several blocks.
  for (const std::size_t n : {1u, 5u, 97u, 1000u})
    for (const Codec& codec : {Codec(n, 4, 7), Codec(n, Step(0.5f), 7), Codec(n / 3 + 1, 2, 9)})
      one_shot_is_the_accumulators(n, codec);
  for (const mpi::Exchange exchange : {mpi::Exchange::one_shot, mpi::Exchange::reduce_scatter})
    for (const std::size_t n : {3u, 300u})
      for (const Codec& codec : {Codec(n, 4, 7), Codec(n, Step(1), 7), Codec(n / 2 + 1, 2, 9)})
        is_unbiased(n, codec, exchange);
  int all = 0;
  MPI_Allreduce(&failures, &all, 1, MPI_INT, MPI_SUM, MPI_COMM_WORLD);
  MPI_Finalize();
  return all == 0 ? 0 : 1;
}
