// hdq search: the k nearest rows of an .hdq file to each query, by scores of the codes; every row is scored (SPEC §4).
// With the original vectors, the best candidates are ranked again by exact scores, and recall is measured.
#include "hdq/search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "command.hpp"
#include "hdq/atomic_file.hpp"
#include "hdq/file.hpp"

namespace hdq::cli {
namespace {

struct Arguments : CodecArguments {
  std::string codes, queries, output, scores, exact, ground_truth;
  std::size_t k = 10;
  std::optional<std::size_t> rerank;
  Metric metric = Metric::inner_product;
  bool json = false;
};

using Rows = std::vector<std::uint64_t>;  // queries × k

struct Matrix {
  std::size_t rows = 0, columns = 0;
  std::vector<float> x;
};

// All rows of a file of queries; NaN and infinity are BadInput naming file, row and column.
Matrix read_queries(const std::string& path, const FileReader& codes) {
  const VectorFile file(path);
  if (file.dimension() != codes.header().dimension)
    throw BadInput(fmt::format("{}: {} dimensions, but {} has {}", path, file.dimension(), codes.path(), codes.header().dimension));
  Matrix m{static_cast<std::size_t>(file.rows()), file.dimension(), {}};
  m.x.resize(m.rows * m.columns);
  file.read(0, m.rows, m.x.data());
  for (std::size_t i = 0; i < m.x.size(); ++i)
    if (!std::isfinite(m.x[i]))
      throw BadInput(fmt::format("{}: row {}, column {}: {}", path, i / m.columns, i % m.columns, std::isnan(m.x[i]) ? "NaN" : "infinity"));
  return m;
}

// The original vectors, row i of the codes being row i here.
class Originals {
 public:
  Originals(const std::string& path, const FileReader& codes) : file_(path) {
    const FileHeader& header = codes.header();
    if (file_.rows() != header.rows || file_.dimension() != header.dimension)
      throw BadInput(fmt::format("{}: {} rows of {}, but {} has {} of {}", path, file_.rows(), file_.dimension(), codes.path(), header.rows, header.dimension));
  }
  const VectorFile& file() const { return file_; }

  // The k first of each query's candidates by exact scores.
  std::vector<Neighbour> rerank(const Matrix& queries, const std::vector<Neighbour>& candidates, Metric metric, std::size_t k, Isa isa) const {
    TopK ranked(metric, queries.rows, k);
    const std::size_t each = candidates.size() / std::max<std::size_t>(queries.rows, 1);
    std::vector<float> x(queries.columns);
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      file_.read(candidates[i].row, 1, x.data());
      ranked.offer(i / each, candidates[i].row, exact_score(metric, queries.x.data() + i / each * queries.columns, x.data(), queries.columns, isa));
    }
    return ranked.ranked();
  }

  std::vector<Neighbour> search(const Matrix& queries, Metric metric, std::size_t k, int threads, Isa isa) const {
    TopK found(metric, queries.rows, k);
    const std::size_t chunk = rows_per_chunk(queries.columns, threads);
    std::vector<float> x;
    Progress progress("exact search", file_.rows());
    for (std::uint64_t begin = 0; begin < file_.rows(); begin += chunk) {
      const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(chunk, file_.rows() - begin));
      x.resize(count * queries.columns);
      file_.read(begin, count, x.data());
      exact_search(found, metric, queries.x.data(), queries.rows, x.data(), count, queries.columns, begin, threads, isa);
      progress.advance(count);
    }
    return found.ranked();
  }

 private:
  VectorFile file_;
};

Rows rows_of(const std::vector<Neighbour>& found) {
  Rows rows;
  for (const Neighbour& neighbour : found) rows.push_back(neighbour.row);
  return rows;
}

// The first k of `each` neighbours of every query.
std::vector<Neighbour> first_of_each(const std::vector<Neighbour>& found, std::size_t each, std::size_t k) {
  std::vector<Neighbour> kept;
  for (std::size_t i = 0; i < found.size(); ++i)
    if (i % each < k) kept.push_back(found[i]);
  return kept;
}

// What a .npy header says of `key`, up to `end`; empty if nothing.
std::string header_field(const std::string& header, const std::string& key, const char* end) {
  const std::size_t at = header.find("'" + key + "':");
  if (at == std::string::npos) return {};
  const std::size_t first = header.find_first_not_of(' ', at + key.size() + 3);
  const std::size_t last = header.find_first_of(end, first + 1);
  return last == std::string::npos ? std::string() : header.substr(first, last + 1 - first);
}

// The first k row indices of each query, from a C-ordered .npy of int64 with at least k columns.
Rows read_row_lists(const std::string& path, std::size_t queries, std::size_t k, std::uint64_t rows) {
  const auto reject = [&](const std::string& what) { throw BadInput(path + ": " + what); };
  std::ifstream file(path, std::ios::binary);
  if (!file) reject("cannot open it");
  std::string prefix(10, '\0');
  file.read(prefix.data(), 10);
  if (!file || prefix.compare(0, 7, "\x93NUMPY\x01") != 0) reject("not a .npy file of version 1");
  std::string header(static_cast<std::size_t>(static_cast<unsigned char>(prefix[8]) + 256 * static_cast<unsigned char>(prefix[9])), '\0');
  file.read(header.data(), static_cast<std::streamsize>(header.size()));
  std::size_t height = 0, width = 0;
  if (header_field(header, "descr", "'") != "'<i8'") reject("dtype " + header_field(header, "descr", "'") + "; int64 (little-endian) is needed");
  if (header_field(header, "fortran_order", ",}") != "False,") reject("Fortran order; C order is needed");
  if (std::sscanf(header_field(header, "shape", ")").c_str(), "(%zu, %zu)", &height, &width) != 2) reject("a 2-D array is needed");
  if (height != queries) reject(fmt::format("{} rows for {} queries", height, queries));
  if (width < k) reject(fmt::format("{} columns are fewer than k = {}", width, k));
  Rows lists;
  std::vector<std::int64_t> line(width);
  for (std::size_t query = 0; query < queries; ++query) {
    file.read(reinterpret_cast<char*>(line.data()), static_cast<std::streamsize>(width * sizeof(std::int64_t)));
    if (!file) reject("truncated .npy file");
    for (std::size_t i = 0; i < k; ++i) {
      if (line[i] < 0 || static_cast<std::uint64_t>(line[i]) >= rows) reject(fmt::format("row {}, column {}: no row {} among {}", query, i, line[i], rows));
      lists.push_back(static_cast<std::uint64_t>(line[i]));
    }
  }
  return lists;
}

double mean_recall(const Rows& truth, const std::vector<Neighbour>& found, std::size_t k) {
  const Rows rows = rows_of(found);
  double sum = 0;
  for (std::size_t begin = 0; begin < rows.size(); begin += k) sum += recall({truth.data() + begin, k}, {rows.data() + begin, k});
  return rows.empty() ? 1 : sum / static_cast<double>(rows.size() / k);
}

// ---- results ----

template <class T>
void write_npy(const std::string& path, const char* type, std::size_t rows, std::size_t columns, const std::vector<T>& data) {
  AtomicFile file(path);
  const std::string header = npy_header(type, rows, columns);
  file.write(header.data(), header.size());
  file.write(data.data(), data.size() * sizeof(T));
  file.commit();
}

void write_json_lines(const std::string& path, const std::vector<Neighbour>& found, std::size_t k) {
  std::string text;
  for (std::size_t begin = 0; begin < found.size(); begin += k) {
    nlohmann::ordered_json line = {{"query", begin / k}, {"rows", nlohmann::json::array()}, {"scores", nlohmann::json::array()}};
    for (std::size_t i = begin; i < begin + k; ++i) {
      line["rows"].push_back(found[i].row);
      line["scores"].push_back(found[i].score);
    }
    text += line.dump() + "\n";
  }
  write_file(path, text);
}

void write_results(const Arguments& arguments, const std::vector<Neighbour>& found, std::size_t queries) {
  if (arguments.output.ends_with(".json") || arguments.output.ends_with(".jsonl")) {
    write_json_lines(arguments.output, found, arguments.k);
  } else {
    const Rows rows = rows_of(found);
    write_npy(arguments.output, "<i8", queries, arguments.k, std::vector<std::int64_t>(rows.begin(), rows.end()));
  }
  if (arguments.scores.empty()) return;
  std::vector<float> scores;
  for (const Neighbour& neighbour : found) scores.push_back(static_cast<float>(neighbour.score));
  write_npy(arguments.scores, "<f4", queries, arguments.k, scores);
}

// ---- the command ----

struct Report {
  std::size_t queries = 0, candidates = 0;
  double seconds = 0, code_bytes = 0;
  std::optional<double> recall_codes, recall_reranked;
};

void print(const Arguments& arguments, const FileReader& file, const Report& report) {
  const double queries = static_cast<double>(report.queries), scanned = report.code_bytes * queries / report.seconds / 1e9;
  if (arguments.json) {
    nlohmann::ordered_json fields = {{"rows", file.header().rows}, {"queries", report.queries}, {"k", arguments.k},
                                     {"metric", metric_name(arguments.metric)}, {"seconds", report.seconds},
                                     {"queries_per_second", queries / report.seconds}, {"gigabytes_per_second", scanned},
                                     {"reranked", report.candidates}};
    if (report.recall_codes) fields["recall_codes"] = *report.recall_codes;
    if (report.recall_reranked) fields["recall_reranked"] = *report.recall_reranked;
    fmt::print("{}\n", fields.dump());
    return;
  }
  fmt::print("{}: {} queries, {} rows, k = {}, {}; {:.0f} queries/s, {:.2f} GB/s of codes scored\n", arguments.output, report.queries,
             file.header().rows, arguments.k, metric_name(arguments.metric), queries / report.seconds, scanned);
  if (report.recall_codes) fmt::print("recall@{} = {:.4f} by the codes alone\n", arguments.k, *report.recall_codes);
  if (report.recall_reranked)
    fmt::print("recall@{} = {:.4f} with the first {} ranked again by the original vectors\n", arguments.k, *report.recall_reranked, report.candidates);
}

// Rows that the recall is measured against; empty if nothing says.
Rows true_rows(const Arguments& arguments, const FileReader& file, const Matrix& queries, const std::optional<Originals>& originals) {
  if (!arguments.ground_truth.empty()) return read_row_lists(arguments.ground_truth, queries.rows, arguments.k, file.header().rows);
  if (!originals) return {};
  return rows_of(originals->search(queries, arguments.metric, arguments.k, arguments.threads, arguments.isa));
}

int search_codes(const Arguments& arguments) {
  const FileReader file(arguments.codes);
  for (const std::string& input : {arguments.codes, arguments.queries, arguments.exact, arguments.ground_truth})
    for (const std::string& output : {arguments.output, arguments.scores})
      if (!input.empty() && !output.empty()) require_distinct(input, output);
  if (arguments.k > file.header().rows) throw UsageError(fmt::format("-k: {} neighbours, but {} has {} rows", arguments.k, arguments.codes, file.header().rows));
  if (arguments.rerank && arguments.exact.empty()) throw UsageError("--rerank: needs the original vectors, --exact");
  if (arguments.rerank && *arguments.rerank != 0 && *arguments.rerank < arguments.k)
    throw UsageError(fmt::format("--rerank: {} candidates are fewer than k = {}", *arguments.rerank, arguments.k));
  const Matrix queries = read_queries(arguments.queries, file);
  std::optional<Originals> originals;
  if (!arguments.exact.empty()) originals.emplace(arguments.exact, file);

  Report report;
  report.queries = queries.rows;
  report.candidates = originals ? static_cast<std::size_t>(std::min<std::uint64_t>(arguments.rerank.value_or(4 * arguments.k), file.header().rows)) : 0;
  const std::size_t each = std::max(arguments.k, report.candidates);
  report.code_bytes = static_cast<double>(file.header().code_bytes()) * static_cast<double>(file.header().rows);

  const auto start = std::chrono::steady_clock::now();
  const Scorer scorer(file.codec({arguments.isa, arguments.threads}), queries.x.data(), queries.rows);
  std::vector<Neighbour> found;
  {
    Progress progress("searching", file.header().rows);
    found = search(scorer, file, arguments.metric, each, [&](std::size_t rows) { progress.advance(rows); });
  }
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  const std::vector<Neighbour> by_codes = first_of_each(found, each, arguments.k);
  std::vector<Neighbour> result = by_codes;
  if (report.candidates > 0) result = originals->rerank(queries, found, arguments.metric, arguments.k, arguments.isa);
  if (const Rows truth = true_rows(arguments, file, queries, originals); !truth.empty()) {
    report.recall_codes = mean_recall(truth, by_codes, arguments.k);
    if (report.candidates > 0) report.recall_reranked = mean_recall(truth, result, arguments.k);
  }
  write_results(arguments, result, queries.rows);
  print(arguments, file, report);
  return exit_ok;
}

}  // namespace

void add_search(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  CLI::App* command = add_command(app, "search", "The k nearest rows of an .hdq file to each query, by its codes; every row is scored",
                                  "hdq search embeddings.hdq --queries queries.npy -k 10 --exact embeddings.npy -o nearest.npy",
                                  [arguments] { return search_codes(*arguments); });
  static const std::map<std::string, Metric> metrics = {
      {"ip", Metric::inner_product}, {"l2", Metric::squared_distance}, {"cosine", Metric::cosine}};
  command->add_option("CODES", arguments->codes, "The .hdq file")->required();
  command->add_option("--queries", arguments->queries, "The query vectors, .npy or .fvecs")->required();
  command->add_option("-o,--output", arguments->output,
                      "Row indices, nearest first: .npy of int64, queries x k; or, if it ends in .json or .jsonl, a JSON object with rows "
                      "and scores per query and line")
      ->required();
  command->add_option("--scores", arguments->scores, "Scores of those rows, .npy of float32, queries x k");
  command->add_option("-k", arguments->k, "Neighbours per query; equal scores are in order of rows")->check(CLI::PositiveNumber)->capture_default_str();
  command->add_option("--metric", arguments->metric, "ip (inner product), l2 (squared distance) or cosine")
      ->transform(CLI::CheckedTransformer(metrics))
      ->option_text("NAME")
      ->default_str("ip");
  command->add_option("--exact", arguments->exact,
                      "The vectors that were encoded: rank the best candidates again by exact scores, and print recall against exact search");
  command->add_option("--rerank", arguments->rerank, "Candidates to rank again, at least k; 0 keeps the order by codes. Default 4 k with --exact");
  command->add_option("--ground-truth", arguments->ground_truth, "Print recall against these row indices instead: .npy of int64, queries x at least k");
  arguments->add_threads(command);
  arguments->add_isa(command);
  command->add_flag("--json", arguments->json, "Print one JSON object");
}

}  // namespace hdq::cli
