// What `hdq search` and `hdq-mpi search` share.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "command.hpp"
#include "files.hpp"
#include "hdq/search.hpp"

namespace hdq::cli {

struct SearchArguments : CodecArguments {
  std::string queries, output, scores;
  VectorInput vectors;
  std::size_t k = 10;
  Metric metric = Metric::inner_product;
  bool json = false, no_filter = false;

  void add_to(Command command);
  void check_outputs() const;  // UsageError for names of no format
};

// BadInput for a score that float32 cannot hold: it is no answer.
void require_finite_scores(const std::string& queries, const std::vector<Neighbour>& found, std::size_t k);

// Row numbers and, where asked for, scores: queries × k.
void write_neighbours(const SearchArguments& arguments, const std::vector<Neighbour>& found, std::size_t queries);

struct SearchReport {
  std::uint64_t rows = 0;  // of all files
  std::size_t queries = 0, candidates = 0;
  double seconds = 0, code_bytes = 0;
  SearchStatistics pairs;
  std::optional<double> recall_codes, recall_reranked;
};

// Of the codes of a file with rows, as it has them.
double bytes_of_codes(const FileReader& file);

void print_search(const SearchArguments& arguments, const SearchReport& report);

}  // namespace hdq::cli
