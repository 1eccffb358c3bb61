// hdq-mpi mean: each rank adds its share of the rows, rank 0 merges the sums, which are integers (SPEC §9).
#include "mean.hpp"

#include <fmt/format.h>

#include <memory>

#include "commands.hpp"
#include "hdq/io/text.hpp"
#include "neighbours.hpp"
#include "shards.hpp"

namespace hdq::mpi {
namespace {

using cli::BadInput, cli::MeanArguments, cli::UsageError;

// What the ranks know of their rows before they read them.
struct Input {
  bool codes = false;
  std::vector<CodesShard> encoded;  // one of the two is empty
  std::vector<VectorsShard> vectors;
  std::uint64_t rows = 0;
  std::size_t dimension = 0;
  std::uint64_t seed = 0;
};

template <class Shards, class Dimension>
void require_one_dimension(const Shards& shards, const Dimension& dimension) {
  for (const auto& shard : shards)
    if (dimension(shard) != dimension(shards.front()))
      throw BadInput(fmt::format("{}: {} dimensions, but {} has {}", io::printable(shard.name), dimension(shard),
                                 io::printable(shards.front().name), dimension(shards.front())));
}

Input look_at_clients(const Job& job, const MeanArguments& arguments) {
  Input input;
  // All clients are codes, or none is: the rank that looks at one finds out.
  Bytes first;
  put(first, job.is_root() ? cli::holds_codes(arguments.clients.front()) : false);
  job.broadcast(first);
  input.codes = Parcel(first).get<bool>();
  job.together([&] { arguments.check_scheme(input.codes); });
  if (input.codes) {
    input.encoded = look_at_codes(job, arguments.clients);
    input.rows = total_of(input.encoded, [](const CodesShard& shard) { return shard.header.rows; });
  } else {
    input.vectors = look_at_vectors(job, arguments.clients, arguments.vectors);
    input.rows = total_of(input.vectors, [](const VectorsShard& shard) { return shard.rows; });
  }
  job.together([&] {
    require_one_dimension(input.encoded, [](const CodesShard& shard) { return shard.header.dimension; });
    require_one_dimension(input.vectors, [](const VectorsShard& shard) { return shard.dimension; });
    if (input.rows == 0) throw BadInput(io::printable(arguments.clients.front()) + ": no rows to take the mean of");
    if (!input.codes && input.rows > std::uint64_t{1} << 32)
      throw BadInput(io::printable(arguments.clients.back()) + ": more than 2^32 clients");
  });
  input.dimension = input.codes ? input.encoded.front().header.dimension : input.vectors.front().dimension;
  input.seed = input.codes ? input.encoded.front().header.seed : arguments.seed;
  return input;
}

// Of all rows, read by rank 0; none where all are 1.
std::vector<double> broadcast_weights(const Job& job, const MeanArguments& arguments, std::uint64_t rows) {
  if (arguments.weights.empty()) return {};
  Bytes bytes;
  job.together([&] {
    if (!job.is_root()) return;
    const std::vector<double> weights = cli::read_weights(arguments.weights);
    if (weights.size() != rows)
      throw BadInput(fmt::format("{}: {} weights for {} rows", io::printable(arguments.weights), weights.size(), rows));
    put(bytes, std::span(weights));
  });
  job.broadcast(bytes);
  return job.together([&] { return Parcel(bytes).get_all<double>(); });
}

struct Share {
  MeanAccumulator sum;
  double code_bytes = 0;
};

class Adder {
 public:
  Adder(Share& share, std::span<const double> weights) : share_(share), weights_(weights) {}
  // Rows of which the first is row `before` of all.
  void add(const std::string& name, const Codec& codec, const EncodedView& rows, std::uint64_t before,
           std::span<const float> centre) {
    static constexpr double one = 1;
    try {
      share_.sum.add(
          codec, rows,
          weights_.empty() ? std::span(&one, 1) : weights_.subspan(static_cast<std::size_t>(before), rows.rows()),
          centre);
    } catch (const InvalidArgument& e) {
      throw BadInput(name + ": " + e.what());
    }
  }

 private:
  Share& share_;
  std::span<const double> weights_;
};

Share add_codes(const Job& job, const MeanArguments& arguments, const Input& input, std::span<const double> weights) {
  Share share{MeanAccumulator(input.dimension, input.seed)};
  Adder adder(share, weights);
  const auto blocks = [](const CodesShard& shard) { return shard.header.blocks(); };
  std::vector<std::uint64_t> before(1, 0);  // rows before each file
  for (const CodesShard& shard : input.encoded) before.push_back(before.back() + shard.header.rows);
  for (const Part& part : parts_of(input.encoded, job.share(total_of(input.encoded, blocks)), blocks)) {
    const cli::CodesFile file = open_shard(input.encoded[part.shard]);
    const Codec codec = file->codec({arguments.isa, arguments.threads});
    BlockReader reader(*file);
    for (std::uint64_t block = part.begin; block < part.begin + part.count; ++block)
      adder.add(file.name(), codec, reader.block(block), before[part.shard] + block * file->header().rows_per_block,
                file->mean());
  }
  return share;
}

// Client c is the c-th row of all files.
Share add_vectors(const Job& job, const MeanArguments& arguments, const Input& input, std::span<const double> weights) {
  Share share{MeanAccumulator(input.dimension, input.seed)};
  Adder adder(share, weights);
  const Codec codec(arguments.parameters(input.dimension), {arguments.isa, arguments.threads});
  const std::size_t chunk = cli::rows_per_chunk(input.dimension, arguments.threads);
  std::vector<float> x;
  for (const Part& part :
       parts_of(input.vectors, job.share(input.rows), [](const VectorsShard& shard) { return shard.rows; })) {
    const io::VectorReader file = open_shard(input.vectors[part.shard], arguments.vectors);
    for (std::uint64_t done = 0; done < part.count; done += chunk) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk, part.count - done));
      x.resize(count * input.dimension);
      file.read(part.begin + done, count, x.data());
      try {
        const EncodedRows rows =
            codec.encode(RowsView<const float>(x.data(), count, input.dimension),
                         client_row(static_cast<std::uint32_t>(part.before + done), arguments.round));
        share.code_bytes += cli::bytes_of(codec, rows);
        adder.add(file.name(), codec, rows, part.before + done, {});
      } catch (const InvalidInput& bad) {
        cli::reject_row(file, part.begin + done, x.data(), bad);
      }
    }
  }
  return share;
}

cli::MeanReport report_of(const MeanArguments& arguments, const Input& input, double code_bytes) {
  cli::MeanReport report;
  report.code_bytes = code_bytes;
  for (const CodesShard& shard : input.encoded) {
    report.note(Codec(shard.header.parameters()));
    report.code_bytes += static_cast<double>(shard.bytes);
  }
  if (!input.codes) report.note(Codec(arguments.parameters(input.dimension)));
  return report;
}

int take_mean(const Job& job, const MeanArguments& arguments) {
  job.together([&] {
    std::vector<std::string> inputs = arguments.clients;
    inputs.push_back(arguments.weights);
    cli::require_distinct(inputs, {arguments.output});
    io::output_format(arguments.output, io::Content::vectors);
  });
  const Input input = look_at_clients(job, arguments);
  const std::vector<double> weights = broadcast_weights(job, arguments, input.rows);
  Share share = job.together([&] {
    return input.codes ? add_codes(job, arguments, input, weights) : add_vectors(job, arguments, input, weights);
  });
  job.to_root([&] { return share.sum.state(); },
              [&](int rank, const Bytes& state) {
                try {
                  share.sum.merge(MeanAccumulator::of_state(state));
                } catch (const InvalidArgument& e) {
                  throw BadInput(fmt::format("with the rows of rank {}: {}", rank, e.what()));
                }
              });
  const double code_bytes = job.sum(share.code_bytes);
  job.together([&] {
    if (!job.is_root()) return;
    cli::write_mean(arguments, share.sum);
    cli::print_mean(arguments, share.sum, report_of(arguments, input, code_bytes));
  });
  return cli::exit_ok;
}

}  // namespace

void add_mean(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<MeanArguments>();
  arguments->threads = 1;
  cli::Command command =
      add_job_command(app, chosen, "mean", "The mean of all rows of CLIENTs, by their codes, with the error to expect",
                      "mpirun -n 8 hdq-mpi mean clients/*.hdq -o mean.npy", arguments, take_mean);
  arguments->add_to(command);
}

}  // namespace hdq::mpi
