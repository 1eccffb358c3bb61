// hdq-mpi search: each rank finds the nearest among its share of the rows, rank 0 merges (SPEC §4).
#include "search.hpp"

#include <fmt/format.h>

#include <bit>
#include <chrono>
#include <memory>

#include "commands.hpp"
#include "hdq/io/text.hpp"
#include "neighbours.hpp"
#include "shards.hpp"

namespace hdq::mpi {
namespace {

using cli::BadInput, cli::Queries, cli::UsageError;

struct Arguments : cli::SearchArguments {
  std::vector<std::string> codes;
};

std::uint64_t rows_of(const CodesShard& shard) { return shard.header.rows; }
std::uint64_t blocks_of(const CodesShard& shard) { return shard.header.blocks(); }

void check_arguments(const Arguments& arguments) {
  std::vector<std::string> inputs = arguments.codes;
  inputs.push_back(arguments.queries);
  cli::require_distinct(inputs, {arguments.output, arguments.scores});
  arguments.check_outputs();
}

// One codec for all, and rows enough.
void check_shards(const Arguments& arguments, const std::vector<CodesShard>& shards) {
  const CodesShard& first = shards.front();
  for (const CodesShard& shard : shards)
    if (!(shard.header.parameters() == first.header.parameters()) || shard.header.has_mean != first.header.has_mean)
      throw BadInput(fmt::format("{}: its rows were not encoded as those of {}", io::printable(shard.name),
                                 io::printable(first.name)));
  const std::uint64_t rows = total_of(shards, rows_of);
  if (arguments.k > rows) throw UsageError(fmt::format("-k: {} neighbours, but there are {} rows", arguments.k, rows));
  if (arguments.metric == Metric::cosine && first.header.has_mean)
    throw UsageError("--metric cosine: the rows of " + io::printable(first.name) +
                     " are centred; encode rows of length 1, and search them by ip");
}

// Read by rank 0.
Queries broadcast_queries(const Job& job, const Arguments& arguments, const CodesShard& shard) {
  Bytes bytes;
  job.together([&] {
    if (!job.is_root()) return;
    const io::VectorReader file(arguments.queries, arguments.vectors.options());
    if (file.dimension() != shard.header.dimension)
      throw BadInput(fmt::format("{}: {} dimensions, but {} has {}", file.name(), file.dimension(),
                                 io::printable(shard.name), shard.header.dimension));
    const Queries queries = cli::read_queries(file);
    put(bytes, std::span(queries.x));
  });
  job.broadcast(bytes);
  return job.together([&] {
    std::vector<float> x = Parcel(bytes).get_all<float>();
    const std::size_t n = shard.header.dimension;
    return Queries{x.size() / n, n, std::move(x)};
  });
}

// The mean that rows were centred by, as rank 0 sees it; none if they were not.
std::vector<float> broadcast_mean(const Job& job, const CodesShard& shard) {
  if (!shard.header.has_mean) return {};
  Bytes bytes;
  job.together([&] {
    if (job.is_root()) put(bytes, open_shard(shard)->mean());
  });
  job.broadcast(bytes);
  return job.together([&] { return Parcel(bytes).get_all<float>(); });
}

// What a rank found, and did.
struct Found {
  TopK nearest;
  SearchStatistics pairs;
  double code_bytes = 0;
};

// This rank's blocks of all files, rows numbered over the files in order.
Found search_share(const Job& job, const Arguments& arguments, const std::vector<CodesShard>& shards,
                   const Scorer& scorer) {
  const std::vector<Part> parts = parts_of(shards, job.share(total_of(shards, blocks_of)), blocks_of);
  std::vector<std::uint64_t> before(1, 0);  // rows before each file
  for (const CodesShard& shard : shards) before.push_back(before.back() + shard.header.rows);
  Found found{TopK(arguments.metric, scorer.queries(), arguments.k), {}, 0};
  for (const Part& part : parts) {
    const cli::CodesFile file = open_shard(shards[part.shard]);
    if (!std::ranges::equal(file->mean(), scorer.mean()))
      throw BadInput(file.name() + ": its rows are centred by another mean than those of " +
                     io::printable(shards.front().name));
    const FileHeader& header = file->header();
    const std::uint64_t begin = part.begin * header.rows_per_block,
                        end = std::min(header.rows, (part.begin + part.count) * header.rows_per_block);
    SearchStatistics pairs;
    search(found.nearest, scorer, *file, begin, end - begin, before[part.shard] + begin,
           {!arguments.no_filter, &pairs});
    found.pairs.scanned += pairs.scanned;
    found.pairs.verified += pairs.verified;
    const std::uint64_t last = part.begin + part.count - 1;
    found.code_bytes +=
        header.scheme == SchemeId::fixed_rate
            ? static_cast<double>(header.code_bytes()) * static_cast<double>(end - begin)
            : static_cast<double>(file->block_offset(last) + file->block_bytes(last) - file->block_offset(part.begin));
  }
  return found;
}

// Neighbours of each query, as many as were found.
Bytes bytes_of(const TopK& found) {
  Bytes bytes;
  for (std::size_t query = 0; query < found.queries(); ++query) put(bytes, found.kept(query));
  return bytes;
}
void merge(TopK& found, const Bytes& bytes) {
  Parcel parcel(bytes);
  for (std::size_t query = 0; query < found.queries(); ++query)
    for (const Neighbour& neighbour : parcel.get_all<Neighbour>()) found.offer(query, neighbour.row, neighbour.score);
}

// An error about a query, as hdq search words it.
template <class Action>
auto of_query(const Arguments& arguments, const Action& action) {
  try {
    return action();
  } catch (const InvalidInput& beyond) {  // a score, or a query less the mean, that float32 cannot hold
    throw BadInput(fmt::format("{}: row {}: {}", io::printable(arguments.queries), beyond.row, beyond.what()));
  }
}

int search_codes(const Job& job, const Arguments& arguments) {
  job.together([&] { check_arguments(arguments); });
  const std::vector<CodesShard> shards = look_at_codes(job, arguments.codes);
  job.together([&] { check_shards(arguments, shards); });
  const Queries queries = broadcast_queries(job, arguments, shards.front());
  const std::vector<float> mean = broadcast_mean(job, shards.front());

  const auto start = std::chrono::steady_clock::now();
  const Scorer scorer = job.together([&] {
    return of_query(arguments, [&] {
      return Scorer(Codec(shards.front().header.parameters(), {arguments.isa, arguments.threads}), queries.view(),
                    mean);
    });
  });
  Found found =
      job.together([&] { return of_query(arguments, [&] { return search_share(job, arguments, shards, scorer); }); });
  job.to_root([&] { return bytes_of(found.nearest); }, [&](int, const Bytes& bytes) { merge(found.nearest, bytes); });
  cli::SearchReport report;
  report.pairs = {job.sum(found.pairs.scanned), job.sum(found.pairs.verified)};
  report.code_bytes = job.sum(found.code_bytes);
  job.together([&] {
    if (!job.is_root()) return;
    const std::vector<Neighbour> nearest = of_query(arguments, [&] { return ranked(scorer, found.nearest); });
    report.rows = total_of(shards, rows_of);
    report.queries = queries.count;
    report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    cli::require_finite_scores(arguments.queries, nearest, arguments.k);
    cli::write_neighbours(arguments, nearest, queries.count);
    cli::print_search(arguments, report);
  });
  return cli::exit_ok;
}

}  // namespace

void add_search(CLI::App& app, Chosen& chosen) {
  auto arguments = std::make_shared<Arguments>();
  arguments->threads = 1;
  cli::Command command = add_job_command(
      app, chosen, "search",
      "The k nearest rows of .hdq files to each query, by their codes; rows are numbered over the files in order",
      "mpirun -n 8 hdq-mpi search shards/*.hdq --queries queries.npy -k 10 -o nearest.npy", arguments, search_codes);
  command.texts("CODES", arguments->codes, "One or more .hdq files, encoded alike: shards of one set of rows")
      .required();
  arguments->add_to(command);
}

}  // namespace hdq::mpi
