// hdq search: the k nearest rows of an .hdq file to each query, by scores of the codes (SPEC §4).
// With the original vectors, the best candidates are ranked again by true scores, and recall is measured.
#include "search.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <span>

#include "command.hpp"
#include "files.hpp"
#include "hdq/file.hpp"
#include "hdq/io/text.hpp"
#include "hdq/io/vector_writer.hpp"
#include "neighbours.hpp"
#include "options.hpp"

namespace hdq::cli {
namespace {

struct Arguments : SearchArguments {
  std::string codes, original, ground_truth, rows;
  std::optional<std::size_t> rerank;
};

using Rows = std::vector<std::uint64_t>;  // queries × k

bool is_json(const std::string& output) { return output == "-" || output.ends_with(".json") || output.ends_with(".jsonl"); }

Queries read_queries(const Arguments& arguments, const CodesFile& codes) {
  const VectorReader file(arguments.queries, arguments.vectors.options());
  if (file.dimension() != codes->header().dimension)
    throw BadInput(fmt::format("{}: {} dimensions, but {} has {}", file.name(), file.dimension(), codes.name(), codes->header().dimension));
  return cli::read_queries(file);
}

// The vectors that were encoded, row i of the codes being row i here; nothing if they are not given.
std::optional<VectorReader> open_originals(const Arguments& arguments, const CodesFile& codes) {
  if (arguments.original.empty()) return std::nullopt;
  VectorReader file(arguments.original, arguments.vectors.options(true));
  const FileHeader& header = codes->header();
  if (file.rows() != header.rows || file.dimension() != header.dimension)
    throw BadInput(fmt::format("{}: {} rows of {}, but {} has {} of {}", file.name(), file.rows(), file.dimension(), codes.name(), header.rows, header.dimension));
  return file;
}

// The k first of each query's candidates by true scores.
std::vector<Neighbour> rerank(const VectorReader& originals, const Queries& queries, const std::vector<Neighbour>& candidates, Metric metric, std::size_t k, Isa isa) {
  TopK ranked(metric, queries.count, k);
  const std::size_t each = candidates.size() / std::max<std::size_t>(queries.count, 1);
  std::vector<float> x(queries.dimension);
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    originals.read(candidates[i].row, 1, x.data());
    ranked.offer(i / each, candidates[i].row, vector_score(metric, {queries.row(i / each), queries.dimension}, x, isa));
  }
  return ranked.ranked();
}

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

// The first k row numbers of each query, of a file of at least as many columns.
Rows read_row_lists(const VectorReader& file, std::size_t queries, std::size_t k, std::uint64_t rows) {
  const auto reject = [&](const std::string& what) { throw BadInput(file.name() + ": " + what); };
  if (file.rows() != queries) reject(fmt::format("{} rows for {} queries", file.rows(), queries));
  if (file.dimension() < k) reject(fmt::format("{} columns are fewer than k = {}", file.dimension(), k));
  Rows lists;
  std::vector<std::int64_t> line(file.dimension());
  for (std::size_t query = 0; query < queries; ++query) {
    file.read(query, 1, line.data());
    for (std::size_t i = 0; i < k; ++i) {
      if (line[i] < 0 || static_cast<std::uint64_t>(line[i]) >= rows) reject(fmt::format("row {}, column {}: no row {} among {}", query, i, line[i], rows));
      lists.push_back(static_cast<std::uint64_t>(line[i]));
    }
  }
  return lists;
}

// The rows among which to search, in order, each once: one line of a file.
std::optional<Rows> read_candidates(const Arguments& arguments, const CodesFile& codes) {
  if (arguments.rows.empty()) return std::nullopt;
  const VectorReader file(arguments.rows);
  if (file.rows() != 1)
    throw BadInput(fmt::format("{}: {} lists of rows; one is needed, for all queries", file.name(), file.rows()));
  Rows rows = read_row_lists(file, 1, file.dimension(), codes->header().rows);
  std::ranges::sort(rows);
  rows.erase(std::unique(rows.begin(), rows.end()), rows.end());
  return rows;
}

// The rows that recall is measured against: given, or found by true scores.
std::vector<Neighbour> true_rows(const Arguments& arguments, const CodesFile& codes, const Queries& queries, const std::optional<VectorReader>& originals) {
  if (arguments.ground_truth.empty()) {
    Progress progress("searching the vectors themselves", originals->rows());
    return true_neighbours(*originals, queries, arguments.metric, arguments.k, arguments.threads, arguments.isa, progress);
  }
  std::vector<Neighbour> truth;
  for (const std::uint64_t row :
       read_row_lists(VectorReader(arguments.ground_truth), queries.count, arguments.k, codes->header().rows))
    truth.push_back({row, 0});
  if (originals) truth = rerank(*originals, queries, truth, arguments.metric, arguments.k, arguments.isa);
  return truth;
}

// Ties with the k-th of truth count as found where the vectors, which decide that, are given.
double mean_recall(const Arguments& arguments, const Queries& queries, const std::optional<VectorReader>& originals, const std::vector<Neighbour>& truth,
                   const std::vector<Neighbour>& found) {
  const std::size_t k = arguments.k;
  if (queries.count == 0) return 1;
  double sum = 0;
  if (originals) {
    sum = sum_of_recalls(*originals, queries, arguments.metric, k, truth, found, arguments.isa);
  } else {
    const Rows known = rows_of(truth), rows = rows_of(found);
    for (std::size_t begin = 0; begin < rows.size(); begin += k) sum += recall({known.data() + begin, k}, {rows.data() + begin, k});
  }
  return sum / static_cast<double>(queries.count);
}

// ---- results ----

template <class T>
void write_lists(const std::string& path, std::size_t rows, std::size_t columns, io::Content content, const std::vector<T>& data) {
  io::VectorWriter writer(path, rows, columns, content);
  writer.append(data.data(), rows);
  writer.commit();
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

// ---- the command ----

std::vector<Neighbour> nearest_by_codes(const Arguments& arguments, const FileReader& file, const Queries& queries,
                                        const std::optional<Rows>& among, std::size_t each, SearchStatistics& pairs) {
  Progress progress("searching", among ? among->size() : file.header().rows);
  const auto advance = [&](std::size_t rows) { progress.advance(rows); };
  const SearchOptions options{!arguments.no_filter, &pairs};
  try {
    const Scorer scorer(file.codec({arguments.isa, arguments.threads}), queries.view(), file.mean());
    if (among) return search(scorer, arguments.metric, file, *among, each, advance, options);
    return search(scorer, arguments.metric, file, each, advance, options);
  } catch (const InvalidInput& beyond) {  // a score, or a query less the mean, that float32 cannot hold
    throw BadInput(fmt::format("{}: row {}: {}", io::printable(arguments.queries), beyond.row, beyond.what()));
  }
}

void check_arguments(const Arguments& arguments) {
  require_distinct({arguments.codes, arguments.queries, arguments.original, arguments.ground_truth, arguments.rows},
                   {arguments.output, arguments.scores});
  arguments.check_outputs();
  if (arguments.rerank && arguments.original.empty()) throw UsageError("--rerank: needs the original vectors, --original");
  if (arguments.rerank && *arguments.rerank != 0 && *arguments.rerank < arguments.k)
    throw UsageError(fmt::format("--rerank: {} candidates are fewer than k = {}", *arguments.rerank, arguments.k));
}

int search_codes(const Arguments& arguments) {
  check_arguments(arguments);
  const CodesFile file(arguments.codes);
  const FileHeader& header = file->header();
  if (arguments.k > header.rows) throw UsageError(fmt::format("-k: {} neighbours, but {} has {} rows", arguments.k, file.name(), header.rows));
  if (arguments.metric == Metric::cosine && header.has_mean)
    throw UsageError("--metric cosine: the rows of " + file.name() + " are centred; encode rows of length 1, and search them by ip");
  const std::optional<Rows> among = read_candidates(arguments, file);
  const std::uint64_t rows = among ? among->size() : header.rows;
  if (arguments.k > rows)
    throw UsageError(
        fmt::format("-k: {} neighbours, but {} rows in {}", arguments.k, rows, io::printable(arguments.rows)));
  const Queries queries = read_queries(arguments, file);
  const std::optional<VectorReader> originals = open_originals(arguments, file);

  SearchReport report;
  report.rows = header.rows;
  report.queries = queries.count;
  report.candidates =
      originals ? static_cast<std::size_t>(std::min<std::uint64_t>(arguments.rerank.value_or(4 * arguments.k), rows))
                : 0;
  const std::size_t each = std::max(arguments.k, report.candidates);
  report.code_bytes = bytes_of_codes(*file) * static_cast<double>(rows) / static_cast<double>(header.rows);

  const auto start = std::chrono::steady_clock::now();
  const std::vector<Neighbour> found = nearest_by_codes(arguments, *file, queries, among, each, report.pairs);
  report.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();

  const std::vector<Neighbour> by_codes = first_of_each(found, each, arguments.k);
  std::vector<Neighbour> result = by_codes;
  if (report.candidates > 0) result = rerank(*originals, queries, found, arguments.metric, arguments.k, arguments.isa);
  require_finite_scores(arguments.queries, result, arguments.k);
  if (originals || !arguments.ground_truth.empty()) {
    const std::vector<Neighbour> truth = true_rows(arguments, file, queries, originals);
    report.recall_codes = mean_recall(arguments, queries, originals, truth, by_codes);
    if (report.candidates > 0) report.recall_reranked = mean_recall(arguments, queries, originals, truth, result);
  }
  write_neighbours(arguments, result, queries.count);
  print_search(arguments, report);
  return exit_ok;
}

}  // namespace

void require_finite_scores(const std::string& queries, const std::vector<Neighbour>& found, std::size_t k) {
  for (std::size_t i = 0; i < found.size(); ++i) {
    if (std::isfinite(static_cast<float>(found[i].score))) continue;
    throw BadInput(fmt::format("{}: row {}: its score with row {} is beyond float32", io::printable(queries), i / k,
                               found[i].row));
  }
}

void write_neighbours(const SearchArguments& arguments, const std::vector<Neighbour>& found, std::size_t queries) {
  if (is_json(arguments.output)) {
    write_json_lines(arguments.output, found, arguments.k);
  } else {
    write_lists(arguments.output, queries, arguments.k, io::Content::row_numbers, rows_of(found));
  }
  if (arguments.scores.empty()) return;
  std::vector<float> scores;
  for (const Neighbour& neighbour : found) scores.push_back(static_cast<float>(neighbour.score));
  write_lists(arguments.scores, queries, arguments.k, io::Content::vectors, scores);
}

double bytes_of_codes(const FileReader& file) {
  const FileHeader& header = file.header();
  if (header.scheme == SchemeId::fixed_rate)
    return static_cast<double>(header.code_bytes()) * static_cast<double>(header.rows);
  const std::uint64_t last = header.blocks() - 1;  // there is a row to be found
  return static_cast<double>(file.block_offset(last) + file.block_bytes(last) - file.block_offset(0));
}

void print_search(const SearchArguments& arguments, const SearchReport& report) {
  std::FILE* stream = report_stream(arguments.output);
  const double queries = static_cast<double>(report.queries),
               scanned = report.code_bytes * queries / report.seconds / 1e9;
  if (arguments.json) {
    nlohmann::ordered_json fields = {{"rows", report.rows},
                                     {"queries", report.queries},
                                     {"k", arguments.k},
                                     {"metric", metric_name(arguments.metric)},
                                     {"seconds", report.seconds},
                                     {"queries_per_second", queries / report.seconds},
                                     {"gigabytes_per_second", scanned},
                                     {"scanned", report.pairs.scanned},
                                     {"verified", report.pairs.verified},
                                     {"reranked", report.candidates}};
    if (report.recall_codes) fields["recall_codes"] = *report.recall_codes;
    if (report.recall_reranked) fields["recall_reranked"] = *report.recall_reranked;
    print_json(fields, stream);
    return;
  }
  fmt::print(stream,
             "{}: {} queries, {} rows, k = {}, {}; {:.0f} queries/s, {:.2f} GB/s of codes; {} of {} scores computed\n",
             io::printable(arguments.output), report.queries, report.rows, arguments.k, metric_name(arguments.metric),
             queries / report.seconds, scanned, report.pairs.verified, report.pairs.scanned);
  if (report.recall_codes)
    fmt::print(stream, "recall@{} = {:.4f} by the codes alone\n", arguments.k, *report.recall_codes);
  if (report.recall_reranked)
    fmt::print(stream, "recall@{} = {:.4f} with the first {} ranked again by the original vectors\n", arguments.k,
               *report.recall_reranked, report.candidates);
}

void SearchArguments::check_outputs() const {
  if (!is_json(output)) io::output_format(output, io::Content::row_numbers);
  if (!scores.empty()) io::output_format(scores, io::Content::vectors);
}

void SearchArguments::add_to(Command command) {
  const auto metrics = by_name(metric_name, {Metric::inner_product, Metric::squared_distance, Metric::cosine});
  command.text("--queries", queries, vector_input_help("The query vectors")).required();
  command
      .text("-o,--output", output,
            "Row numbers, nearest first, queries x k: .npy (int64) or .ivecs (int32); or, as .json, .jsonl or -, "
            "standard output, a JSON object with rows and scores per query and line")
      .required();
  command.text(
      "--scores", scores,
      fmt::format("Scores of those rows, float32, queries x k ({})", io::writable_extensions(io::Content::vectors)));
  command.integer("-k", k, 1, max_k, "Neighbours per query; equal scores are in order of rows").show_default();
  command.choice("--metric", metric, metrics, "ip (inner product), l2 (squared distance) or cosine");
  command.flag("--no-filter", no_filter, "Compute every score: what is found is the same, but not as soon");
  vectors.add_to(command);
  add_threads(command);
  add_isa(command);
  command.flag("--json", json, "Print one JSON object");
}

void add_search(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command =
      add_command(app, "search", "The k nearest rows of an .hdq file to each query, by its codes",
                  "hdq search embeddings.hdq --queries queries.npy -k 10 --original embeddings.npy -o nearest.npy",
                  [arguments] { return search_codes(*arguments); });
  command.text("CODES", arguments->codes, "The .hdq file; - is standard input").required();
  arguments->add_to(command);
  command.text("--original", arguments->original,
               "The vectors that were encoded: rank the best candidates again by true scores, and print recall, in "
               "which ties count");
  command.integer("--rerank", arguments->rerank, 0, max_k,
                  "Candidates to rank again, at least k; 0 keeps the order by codes. Default 4 k with --original");
  command.text("--ground-truth", arguments->ground_truth,
               "Print recall against these row numbers instead: integers in .npy or .ivecs, queries x at least k");
  command.text("--rows", arguments->rows,
               "Search among these rows alone: one line of integers in .npy or .ivecs, for all queries; of a row "
               "listed twice one counts");
}

}  // namespace hdq::cli
