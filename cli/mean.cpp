// hdq mean: the weighted mean of the vectors of many clients, by their codes (SPEC §9). Clients are .hdq files, or files of vectors that are encoded here.
#include "mean.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "command.hpp"
#include "files.hpp"
#include "hdq/entropy_coder.hpp"
#include "hdq/io/text.hpp"
#include "hdq/io/vector_writer.hpp"
#include "neighbours.hpp"
#include "options.hpp"

namespace hdq::cli {
namespace {

struct Arguments : MeanArguments {
  std::vector<std::string> original;
};

// What is averaged, as it comes in: weights of rows in order, the true mean where the vectors are known.
class Mean {
 public:
  Mean(const Arguments& arguments, std::string name, std::size_t dimension, std::uint64_t seed)
      : arguments_(arguments), name_(std::move(name)), sum_(dimension, seed) {}

  const MeanAccumulator& sum() const { return sum_; }
  void require_dimension(const std::string& name, std::size_t dimension) const {
    if (dimension != sum_.dimension())
      throw BadInput(fmt::format("{}: {} dimensions, but {} has {}", name, dimension, name_, sum_.dimension()));
  }

  // name: of the file, for errors.
  void add(const std::string& name, const Codec& codec, const EncodedView& rows, std::span<const float> centre) {
    try {
      sum_.add(codec, rows, next_weights(rows.rows()), centre);
    } catch (const InvalidArgument& e) {
      throw BadInput(name + ": " + e.what());
    }
  }
  void set_weights(std::vector<double> weights) { weights_ = std::move(weights); }
  void require_all_weights_used() const {
    if (!weights_.empty() && used_ != weights_.size())
      throw BadInput(
          fmt::format("{}: {} weights for {} rows", io::printable(arguments_.weights), weights_.size(), used_));
  }
  double weight(std::size_t row) const { return weights_.empty() ? 1 : weights_[row]; }

 private:
  std::span<const double> next_weights(std::size_t rows) {
    static constexpr double one = 1;
    if (weights_.empty()) return {&one, 1};
    if (rows > weights_.size() - used_)
      throw BadInput(
          fmt::format("{}: {} weights are fewer than the rows", io::printable(arguments_.weights), weights_.size()));
    used_ += rows;
    return std::span(weights_).subspan(used_ - rows, rows);
  }

  const Arguments& arguments_;
  std::string name_;
  MeanAccumulator sum_;
  std::vector<double> weights_;
  std::size_t used_ = 0;
};

// Σ w_i x_i, in double and in order of rows.
class TrueMean {
 public:
  explicit TrueMean(std::size_t dimension) : sums_(dimension) {}
  void add(const float* x, double weight) {
    for (std::size_t i = 0; i < sums_.size(); ++i) sums_[i] += weight * static_cast<double>(x[i]);
    weight_ += weight;
    for (std::size_t i = 0; i < sums_.size(); ++i)
      square_ += weight * static_cast<double>(x[i]) * static_cast<double>(x[i]);
  }
  // ‖mean − true mean‖² over Σ w_i ‖x_i‖²/W.
  double nmse(std::span<const float> mean, double total) const {
    double error = 0;
    for (std::size_t i = 0; i < sums_.size(); ++i) {
      const double difference = static_cast<double>(mean[i]) - sums_[i] / total;
      error += difference * difference;
    }
    return square_ == 0 ? 0 : error / (square_ / weight_);
  }

 private:
  std::vector<double> sums_;
  double weight_ = 0, square_ = 0;
};

struct Report : MeanReport {
  std::optional<TrueMean> truth;
};

// Clients' vectors, encoded here: client c is the c-th row of all files.
Mean mean_of_vectors(const Arguments& arguments, const std::vector<double>& weights, Report& report) {
  std::optional<Mean> mean;
  std::uint64_t client = 0;
  for (const std::string& name : arguments.clients) {
    const VectorReader input(name, arguments.vectors.options());
    if (!mean) {
      report.codec = Codec(arguments.parameters(input.dimension()), {arguments.isa, arguments.threads});
      mean.emplace(arguments, input.name(), input.dimension(), arguments.seed);
      mean->set_weights(weights);
      report.truth.emplace(input.dimension());
    }
    mean->require_dimension(input.name(), input.dimension());
    if (input.rows() > (std::uint64_t{1} << 32) - client) throw BadInput(input.name() + ": more than 2^32 clients");
    for_each_chunk<float>(input, arguments.threads, [&](std::uint64_t begin, std::size_t count, const float* x) {
      try {
        const EncodedRows rows = report.codec->encode(RowsView<const float>(x, count, input.dimension()),
                                                      client_row(static_cast<std::uint32_t>(client), arguments.round));
        report.code_bytes += bytes_of(*report.codec, rows);
        mean->add(input.name(), *report.codec, rows, {});
      } catch (const InvalidInput& bad) {
        reject_row(input, begin, x, bad);
      }
      for (std::size_t row = 0; row < count; ++row)
        report.truth->add(x + row * input.dimension(), mean->weight(static_cast<std::size_t>(client) + row));
      client += count;
    });
  }
  return std::move(*mean);
}

Mean mean_of_codes(const Arguments& arguments, const std::vector<double>& weights, Report& report) {
  std::optional<Mean> mean;
  for (const std::string& name : arguments.clients) {
    const CodesFile file(name);
    const FileHeader& header = file->header();
    if (!mean) {
      mean.emplace(arguments, file.name(), header.dimension, header.seed);
      mean->set_weights(weights);
    }
    mean->require_dimension(file.name(), header.dimension);
    const Codec codec = file->codec({arguments.isa, arguments.threads});
    report.note(codec);
    BlockReader reader(*file);
    for (std::uint64_t block = 0; block < header.blocks(); ++block) {
      const EncodedView rows = reader.block(block);
      mean->add(file.name(), codec, rows, file->mean());
    }
    report.code_bytes += static_cast<double>(file->bytes());
  }
  return std::move(*mean);
}

// The vectors that were encoded, in the order of the clients' files.
TrueMean read_originals(const Arguments& arguments, const Mean& mean) {
  TrueMean truth(mean.sum().dimension());
  std::uint64_t rows = 0;
  for (const std::string& name : arguments.original) {
    const VectorReader input(name, arguments.vectors.options());
    mean.require_dimension(input.name(), input.dimension());
    if (input.rows() > mean.sum().rows() - rows)
      throw BadInput(fmt::format("{}: more rows than the clients have, {}", input.name(), mean.sum().rows()));
    for_each_chunk<float>(input, arguments.threads, [&](std::uint64_t begin, std::size_t count, const float* x) {
      require_finite(input, begin, {x, count * input.dimension()});
      for (std::size_t row = 0; row < count; ++row)
        truth.add(x + row * input.dimension(), mean.weight(static_cast<std::size_t>(rows) + row));
      rows += count;
    });
  }
  if (rows != mean.sum().rows())
    throw BadInput(fmt::format("--original: {} rows, but the clients have {}", rows, mean.sum().rows()));
  return truth;
}

// All clients are codes, or none is.
bool are_codes(const Arguments& arguments) {
  const bool codes = holds_codes(arguments.clients.front());
  for (const std::string& name : arguments.clients)
    if (holds_codes(name) != codes) throw UsageError("CLIENT: some are .hdq files and some are not");
  arguments.check_scheme(codes);
  if (!codes && !arguments.original.empty()) throw UsageError("--original: the clients are the vectors themselves");
  return codes;
}

int take_mean(const Arguments& arguments) {
  std::vector<std::string> inputs = arguments.clients;
  inputs.insert(inputs.end(), arguments.original.begin(), arguments.original.end());
  inputs.push_back(arguments.weights);
  require_distinct(inputs, {arguments.output});
  io::output_format(arguments.output, io::Content::vectors);
  const bool codes = are_codes(arguments);
  const std::vector<double> weights = read_weights(arguments.weights);
  Report report;
  const Mean mean = codes ? mean_of_codes(arguments, weights, report) : mean_of_vectors(arguments, weights, report);
  const MeanAccumulator& sum = mean.sum();
  if (sum.rows() == 0) throw BadInput(io::printable(arguments.clients.front()) + ": no rows to take the mean of");
  mean.require_all_weights_used();
  if (!arguments.original.empty()) report.truth = read_originals(arguments, mean);

  const std::vector<float> out = write_mean(arguments, sum);
  if (report.truth) report.nmse = report.truth->nmse(out, arguments.total.value_or(sum.weight()));
  print_mean(arguments, sum, report);
  return exit_ok;
}

}  // namespace

void MeanReport::note(const Codec& of_rows) {
  if (codec && !(codec->parameters() == of_rows.parameters())) one_codec = false;
  codec = of_rows;
}

std::vector<double> read_weights(const std::string& path) {
  if (path.empty()) return {};
  const VectorReader file(path);
  const std::vector<float> read = file.read_all();
  std::vector<double> weights(read.begin(), read.end());
  for (std::size_t i = 0; i < weights.size(); ++i)
    if (!(weights[i] >= MeanAccumulator::least_weight && weights[i] <= MeanAccumulator::most_weight))
      throw BadInput(
          fmt::format("{}: number {}: a weight is from 2^-100 to 2^100, not {}", file.name(), i, weights[i]));
  return weights;
}

double bytes_of(const Codec& codec, const EncodedView& rows) {
  if (codec.scheme() == SchemeId::fixed_rate)
    return static_cast<double>(rows.rows() * (sizeof(float) + rows.code_bytes()));
  const PackedRows packed = EntropyCoder(codec).encode(rows);
  return static_cast<double>(packed.streams.size() + packed.raw.size());
}

bool holds_codes(const std::string& name) {
  constexpr unsigned char magic[4] = {0x89, 'H', 'D', 'Q'};
  char first[4] = {};
  std::ifstream file(name, std::ios::binary);
  file.read(first, sizeof first);
  return file.gcount() == sizeof first &&
         std::equal(std::begin(magic), std::end(magic), reinterpret_cast<unsigned char*>(first));
}

void MeanArguments::check_scheme(bool codes) const {
  if (codes && (bits != 0 || entropy_coded.rate || entropy_coded.error))
    throw UsageError("--bits, --rate, --error: the clients are encoded already");
  if (!codes) static_cast<void>(parameters(1));
}

std::vector<float> write_mean(const MeanArguments& arguments, const MeanAccumulator& sum) {
  std::vector<float> out(sum.dimension());
  try {
    sum.mean(out, arguments.total.value_or(sum.weight()), arguments.isa);
  } catch (const InvalidInput& beyond) {
    throw BadInput(beyond.what());
  }
  io::VectorWriter writer(arguments.output, 1, out.size(), io::Content::vectors);
  writer.append(out.data(), 1);
  writer.commit();
  return out;
}

void print_mean(const MeanArguments& arguments, const MeanAccumulator& sum, const MeanReport& report) {
  std::FILE* stream = report_stream(arguments.output);
  const double rows = static_cast<double>(sum.rows());
  const bool exact = report.one_codec && report.codec->scheme() == SchemeId::entropy_coded &&
                     report.codec->order() == report.codec->dimension();
  const double square = sum.mean_square(), expected = square == 0 ? 0 : sum.error_bound() / square,
               bytes = report.code_bytes / rows;
  if (arguments.json) {
    nlohmann::ordered_json fields = {
        {"clients", sum.rows()},     {"dimension", sum.dimension()},
        {"weight", sum.weight()},    {"bytes_per_client", bytes},
        {"expected_nmse", expected}, {"expectation_is", exact ? "exact" : "an upper bound"}};
    if (report.nmse) fields["nmse"] = *report.nmse;
    print_json(fields, stream);
    return;
  }
  fmt::print(stream, "{}: mean of {} rows of {} dimensions, {}; {:.1f} bytes a client, {:.2f}x smaller than float32\n",
             io::printable(arguments.output), sum.rows(), sum.dimension(),
             report.one_codec ? scheme_text(*report.codec) : "of several codecs", bytes,
             static_cast<double>(sum.dimension() * sizeof(float)) / bytes);
  fmt::print(stream, "expected |mean^ - mean|^2 {} {:.6g} of the clients' mean |x|^2 (NMSE{})\n",
             exact ? "=" : "<=", expected,
             report.one_codec && arguments.weights.empty()
                 ? fmt::format(", {:.6g}/{}", report.codec->error_bound(), sum.rows())
                 : "");
  if (report.nmse) fmt::print(stream, "NMSE = {:.6g} of this draw\n", *report.nmse);
}

void MeanArguments::add_to(Command command) {
  command
      .texts("CLIENT", clients,
             "Clients' .hdq files, encoded with one --seed and with row numbers of their own (encode --client, "
             "--round); or files of vectors, which are encoded here, each row a client")
      .required();
  command
      .text("-o,--output", output, fmt::format("The mean, one row ({})", io::writable_extensions(io::Content::vectors)))
      .required();
  add_scheme(command);
  add_seed(command);
  command.integer("--round", round, 0, UINT32_MAX, "With the clients' numbers 0, 1, …, selects the dither of vectors")
      .show_default();
  command.text("--weights", weights, "Weights of all rows in order, above 0: a file of numbers; default 1 each")
      .show("FILE");
  command.positive_number(
      "--total", total, 0x1p100,
      "Divide by this instead of the sum of the weights: for weights divided by the probability of arrival");
  vectors.add_to(command);
  add_threads(command);
  add_isa(command);
  command.flag("--json", json, "Print one JSON object");
}

void add_mean(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command = add_command(app, "mean", "The mean of all rows of CLIENTs, by their codes, with its error",
                                "hdq mean client-0.npy client-1.npy client-2.npy -o mean.npy --rate 1",
                                [arguments] { return take_mean(*arguments); });
  arguments->add_to(command);
  command
      .texts("--original", arguments->original,
             "The vectors that .hdq files were made of, in order: print the error of this draw")
      .show("FILE...");
}

}  // namespace hdq::cli
