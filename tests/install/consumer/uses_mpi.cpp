// One process is a job of one rank.
#include <hdq/mpi.hpp>
#include <vector>

int main(int argc, char** argv) {
  MPI_Init(&argc, &argv);
  const hdq::Codec codec(64, hdq::Step::of_rate(4));
  std::vector<float> x(64, 1.0f);
  const hdq::mpi::AllreduceReport report = hdq::mpi::allreduce_mean(MPI_COMM_WORLD, x, codec, 0);
  MPI_Finalize();
  return report.bytes_sent == 0 && x[0] > 0.5f && x[0] < 1.5f ? 0 : 1;
}
