// hdq recall: how much of exact nearest-neighbour search survives quantization.
#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>
#include <numeric>

#include "command.hpp"

namespace hdq::cli {
namespace {

struct Arguments {
  std::string original, decoded;
  std::size_t k = 10;
  std::uint64_t queries = 1000;
  bool json = false;
};

std::vector<float> read_all(const VectorFile& file) {
  std::vector<float> x(static_cast<std::size_t>(file.rows()) * file.dimension());
  file.read(0, static_cast<std::size_t>(file.rows()), x.data());
  return x;
}

// The k rows, `self` excepted, of largest inner product with the query; ties go to the lower row.
std::vector<std::size_t> nearest(const float* query, const std::vector<float>& x, std::size_t dimension, std::size_t self,
                                 std::size_t k) {
  std::vector<double> score(x.size() / dimension);
  for (std::size_t row = 0; row < score.size(); ++row) {
    score[row] = std::inner_product(query, query + dimension, x.data() + row * dimension, 0.0,
                                    std::plus<>(), [](float a, float b) { return double{a} * double{b}; });
  }
  std::vector<std::size_t> rows;
  for (std::size_t row = 0; row < score.size(); ++row) {
    if (row != self) rows.push_back(row);
  }
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(k), rows.end(), [&](auto a, auto b) {
    return score[a] > score[b] || (score[a] == score[b] && a < b);
  });
  rows.resize(k);
  std::sort(rows.begin(), rows.end());
  return rows;
}

int recall(const Arguments& arguments) {
  const VectorFile original(arguments.original), decoded(arguments.decoded);
  if (original.rows() != decoded.rows() || original.dimension() != decoded.dimension()) {
    throw BadInput(fmt::format("{}: {} rows of {}, but {} has {} of {}", decoded.path(), decoded.rows(),
                               decoded.dimension(), original.path(), original.rows(), original.dimension()));
  }
  if (original.rows() <= arguments.k) throw BadInput(fmt::format("{}: needs more than k = {} rows", original.path(), arguments.k));
  const std::vector<float> x = read_all(original), y = read_all(decoded);
  const auto queries = static_cast<std::size_t>(std::min(arguments.queries, original.rows()));
  std::size_t found = 0;
  Progress progress("searching", queries);
  for (std::size_t query = 0; query < queries; ++query) {
    const float* q = x.data() + query * original.dimension();
    const auto truth = nearest(q, x, original.dimension(), query, arguments.k);
    const auto guess = nearest(q, y, original.dimension(), query, arguments.k);
    std::vector<std::size_t> common;
    std::set_intersection(truth.begin(), truth.end(), guess.begin(), guess.end(), std::back_inserter(common));
    found += common.size();
    progress.advance(1);
  }
  const double value = static_cast<double>(found) / static_cast<double>(queries * arguments.k);
  if (arguments.json) {
    const nlohmann::ordered_json fields = {{"k", arguments.k}, {"queries", queries}, {"recall", value}};
    fmt::print("{}\n", fields.dump());
  } else {
    fmt::print("recall@{} = {:.4f} over {} queries\n", arguments.k, value, queries);
  }
  return exit_ok;
}

}  // namespace

void add_recall(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = add_command(
      app, "recall", "Recall of inner-product search over decoded vectors; each query row is left out of its own search",
      "hdq recall embeddings.npy reconstructed.npy -k 10", [arguments] { return recall(*arguments); });
  command->add_option("ORIGINAL", arguments->original, "The vectors, .npy or .fvecs")->required();
  command->add_option("DECODED", arguments->decoded, "The same rows, decoded")->required();
  command->add_option("-k", arguments->k, "Neighbours per query")->check(CLI::PositiveNumber)->capture_default_str();
  command->add_option("--queries", arguments->queries, "How many rows, from the first, are queries")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_flag("--json", arguments->json, "One JSON object");
}

}  // namespace hdq::cli
