// What the repetitions of each figure came to, and the table printed while they run.
#pragma once

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "figure.hpp"

namespace hdq::bench {

struct Summary {
  double median = 0, minimum = 0, maximum = 0;
  double spread = 0;  // interquartile range over median
};
Summary summarize(std::vector<double> samples);

struct Result {
  const Figure* figure;
  std::vector<double> values, bounds;  // one per repetition; bounds may be empty
  std::string note;

  Summary value() const { return summarize(values); }
  Summary bound() const { return summarize(bounds); }
  // Median of the ratios of each repetition to its own bound.
  std::optional<double> ratio() const;
  enum class Verdict { none, ok, short_of_target };
  Verdict verdict() const;
};

class TableReporter : public benchmark::BenchmarkReporter {
 public:
  explicit TableReporter(bool quiet = false) : quiet_(quiet) {}
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override;
  void Finalize() override;
  const std::vector<Result>& results() const { return results_; }
  const std::string& failure() const { return failure_; }

 private:
  void print(const Result& result);

  bool quiet_;
  std::string group_, failure_;
  std::vector<Result> results_;
};

}  // namespace hdq::bench
