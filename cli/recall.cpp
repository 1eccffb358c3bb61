// hdq recall: how much of true nearest-neighbour search survives quantization. Both files are streamed: memory is that of the
// neighbours found and of a block of queries, whatever the files hold.
#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "command.hpp"
#include "files.hpp"
#include "hdq/search.hpp"
#include "neighbours.hpp"
#include "options.hpp"

namespace hdq::cli {
namespace {

struct Arguments : CodecArguments {
  std::string original, decoded;
  VectorInput vectors;
  std::size_t k = 10;
  std::uint64_t queries = 1000;
  bool json = false;
};

constexpr Metric metric = Metric::inner_product;
constexpr std::size_t block_bytes = std::size_t{32} << 20;  // of queries that one pass over the files serves

// The neighbours of queries first, first + 1, … without the query itself, which is a row of the file; k + 1 were found.
std::vector<Neighbour> without_self(const std::vector<Neighbour>& found, std::uint64_t first, std::size_t k) {
  std::vector<Neighbour> kept;
  for (std::size_t begin = 0; begin < found.size(); begin += k + 1) {
    const std::uint64_t self = first + begin / (k + 1);
    std::size_t taken = 0;
    for (std::size_t i = begin; taken < k; ++i) {
      if (found[i].row == self) continue;
      kept.push_back(found[i]);
      ++taken;
    }
  }
  return kept;
}

// The sum of the recalls of a block of queries.
double recall_of_block(const Arguments& arguments, const VectorReader& original, const VectorReader& decoded, const Queries& queries,
                       std::uint64_t first, Progress& progress) {
  const auto nearest = [&](const VectorReader& file) {
    return without_self(true_neighbours(file, queries, metric, arguments.k + 1, arguments.threads, arguments.isa, progress), first, arguments.k);
  };
  const std::vector<Neighbour> truth = nearest(original);
  return sum_of_recalls(original, queries, metric, arguments.k, truth, nearest(decoded), arguments.isa);
}

int recall(const Arguments& arguments) {
  require_distinct({arguments.original, arguments.decoded}, {});
  const VectorReader original(arguments.original, arguments.vectors.options(true)), decoded(arguments.decoded, arguments.vectors.options(true));
  arguments.vectors.check_used({&original, &decoded});
  if (original.rows() != decoded.rows() || original.dimension() != decoded.dimension()) {
    throw BadInput(fmt::format("{}: {} rows of {}, but {} has {} of {}", decoded.name(), decoded.rows(),
                               decoded.dimension(), original.name(), original.rows(), original.dimension()));
  }
  if (original.rows() <= arguments.k) throw BadInput(fmt::format("{}: needs more than k = {} rows", original.name(), arguments.k));
  const std::uint64_t queries = std::min(arguments.queries, original.rows());
  const std::uint64_t block = std::max<std::uint64_t>(1, block_bytes / (original.dimension() * sizeof(float)));
  const std::uint64_t passes = (queries + block - 1) / block;
  double sum = 0;
  {
    Progress progress("searching", 2 * passes * original.rows());
    for (std::uint64_t first = 0; first < queries; first += block) {
      const Queries some = read_queries(original, first, static_cast<std::size_t>(std::min(block, queries - first)));
      sum += recall_of_block(arguments, original, decoded, some, first, progress);
    }
  }
  const double value = sum / static_cast<double>(queries);
  if (arguments.json) print_json({{"k", arguments.k}, {"queries", queries}, {"recall", value}});
  else fmt::print("recall@{} = {:.4f} over {} queries\n", arguments.k, value, queries);
  return exit_ok;
}

}  // namespace

void add_recall(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command = add_command(
      app, "recall", "Recall of inner-product search over decoded vectors; each query row is left out of its own search",
      "hdq recall embeddings.npy reconstructed.npy -k 10", [arguments] { return recall(*arguments); });
  command.text("ORIGINAL", arguments->original, vector_input_help("The vectors")).required();
  command.text("DECODED", arguments->decoded, "The same rows, decoded").required();
  arguments->vectors.add_to(command);
  command.integer("-k", arguments->k, 1, max_k, "Neighbours per query; a row as near as the k-th true one counts as found").show_default();
  command.integer("--queries", arguments->queries, 1, UINT64_MAX, "How many rows, from the first, are queries").show_default();
  arguments->add_threads(command);
  arguments->add_isa(command);
  command.flag("--json", arguments->json, "One JSON object");
}

}  // namespace hdq::cli
