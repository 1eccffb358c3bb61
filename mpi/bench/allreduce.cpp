// hdq-mpi-bench [NUMBERS [REPETITIONS]]: means over the ranks by codes, beside MPI_Allreduce of float32: what is sent, how long it takes, how large the error is.
//
//   mpirun -n 4 hdq-mpi-bench 1048576
//
// One line for each way; rank 0 prints. Seconds are those of the slowest rank, the median of the repetitions. Bytes are those that a rank sends, the largest; of MPI_Allreduce, whose
// algorithm is the library's own, those of a ring, 2(P − 1)/P·4n, which none of any algorithm in which each rank sends as much as it receives can fall below. Errors are
// ‖result − mean‖² over the mean of ‖x_i‖², the mean in double.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "communicator.hpp"
#include "hdq/mpi.hpp"

namespace {

using namespace hdq;

int rank = 0, ranks = 1;

// Of a rank: normal, a common part and one of its own, as gradients have.
std::vector<float> vector_of(int of, std::size_t n) {
  std::mt19937 common(1), own(static_cast<unsigned>(of) + 2);
  std::normal_distribution<float> normal, normal_of_own;  // each keeps a number of its own
  std::vector<float> x(n);
  for (float& value : x) value = normal(common) + normal_of_own(own);
  return x;
}

struct Truth {
  std::vector<double> mean;
  double mean_square = 0;
};

Truth truth_of(const std::vector<float>& x) {
  Truth truth;
  truth.mean.assign(x.begin(), x.end());
  for (const float value : x) truth.mean_square += static_cast<double>(value) * static_cast<double>(value);
  mpi::check(MPI_Allreduce(MPI_IN_PLACE, truth.mean.data(), mpi::counted(x.size()), MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD), "MPI_Allreduce");
  mpi::check(MPI_Allreduce(MPI_IN_PLACE, &truth.mean_square, 1, MPI_DOUBLE, MPI_SUM, MPI_COMM_WORLD), "MPI_Allreduce");
  for (double& value : truth.mean) value /= ranks;
  truth.mean_square /= ranks;
  return truth;
}

double nmse(const std::vector<float>& result, const Truth& truth) {
  double sum = 0;
  for (std::size_t i = 0; i < result.size(); ++i) {
    const double difference = static_cast<double>(result[i]) - truth.mean[i];
    sum += difference * difference;
  }
  return sum / truth.mean_square;
}

// The median over repetitions of the slowest rank's seconds. action(round) gets a fresh vector.
double seconds_of(int repetitions, const std::function<void(std::uint32_t)>& action) {
  std::vector<double> seconds;
  for (int i = 0; i <= repetitions; ++i) {  // the first one is for caches and connections
    MPI_Barrier(MPI_COMM_WORLD);
    const double start = MPI_Wtime();
    action(static_cast<std::uint32_t>(i));
    double taken = MPI_Wtime() - start;
    MPI_Allreduce(MPI_IN_PLACE, &taken, 1, MPI_DOUBLE, MPI_MAX, MPI_COMM_WORLD);
    if (i > 0) seconds.push_back(taken);
  }
  std::ranges::sort(seconds);
  return seconds[seconds.size() / 2];
}

void print_line(const std::string& way, std::uint64_t bytes, double seconds, double error, double bound) {
  std::uint64_t most = bytes;
  MPI_Allreduce(MPI_IN_PLACE, &most, 1, MPI_UINT64_T, MPI_MAX, MPI_COMM_WORLD);
  if (rank == 0) std::printf("%5d  %-28s %12llu %10.2f %12.3g %12.3g\n", ranks, way.c_str(), static_cast<unsigned long long>(most), 1e3 * seconds, error, bound);
}

void measure_float32(const std::vector<float>& x, const Truth& truth, int repetitions) {
  std::vector<float> result;
  const double seconds = seconds_of(repetitions, [&](std::uint32_t) {
    result = x;
    MPI_Allreduce(MPI_IN_PLACE, result.data(), mpi::counted(result.size()), MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
    for (float& value : result) value /= static_cast<float>(ranks);
  });
  const double ring = 8.0 * static_cast<double>(x.size()) * (ranks - 1) / ranks;
  print_line("MPI_Allreduce, float32", static_cast<std::uint64_t>(ring), seconds, nmse(result, truth), 0);
}

void measure_codes(const std::string& name, const Codec& codec, mpi::Exchange exchange, const std::vector<float>& x, const Truth& truth, int repetitions) {
  std::vector<float> result;
  mpi::AllreduceReport report;
  const double seconds = seconds_of(repetitions, [&](std::uint32_t round) {
    result = x;
    report = mpi::allreduce_mean(MPI_COMM_WORLD, result, codec, round, {exchange, 1});
  });
  print_line(name, report.bytes_sent, seconds, nmse(result, truth), report.error_bound / report.mean_square);
}

void measure_all(std::size_t n, int repetitions) {
  const std::vector<float> x = vector_of(rank, n);
  const Truth truth = truth_of(x);
  if (rank == 0) std::printf("%5s  %-28s %12s %10s %12s %12s\n", "ranks", ("n = " + std::to_string(n)).c_str(), "bytes sent", "ms", "error", "bound");
  measure_float32(x, truth, repetitions);
  constexpr std::size_t block = std::size_t{1} << 16;  // of numbers: what is encoded as one row
  const std::size_t dimension = std::min(n, block);
  const auto both = [&](const std::string& name, const Codec& codec) {
    measure_codes(name + ", reduce-scatter", codec, mpi::Exchange::reduce_scatter, x, truth, repetitions);
    measure_codes(name + ", one-shot", codec, mpi::Exchange::one_shot, x, truth, repetitions);
  };
  both("rate 1", Codec(dimension, Step::of_rate(1)));
  both("rate 2", Codec(dimension, Step::of_rate(2)));
  both("rate 4", Codec(dimension, Step::of_rate(4)));
  both("4 bits", Codec(dimension, 4));
  both("8 bits", Codec(dimension, 8));
}

}  // namespace

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  rank = mpi::rank_of(MPI_COMM_WORLD);
  ranks = mpi::size_of(MPI_COMM_WORLD);
  const long n = argc > 1 ? std::atol(argv[1]) : 1 << 20;
  const int repetitions = argc > 2 ? std::atoi(argv[2]) : 9;
  if (n < 1 || repetitions < 1) {
    if (rank == 0) std::fprintf(stderr, "usage: hdq-mpi-bench [NUMBERS [REPETITIONS]]\n");
    MPI_Finalize();
    return 2;
  }
  measure_all(static_cast<std::size_t>(n), repetitions);
  MPI_Finalize();
  return 0;
}
