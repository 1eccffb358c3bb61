// The entropy-coded quantizer (SPEC §7) and --shrink as users of the command line meet them.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <numeric>
#include <string>
#include <vector>

#include "command_line.hpp"
#include "hdq/search.hpp"

namespace hdq {
namespace {

using hdq::testing::overwrite_file;
using hdq::testing::read_file;
using hdq::testing::run_hdq;
using hdq::testing::run_shell;
using nlohmann::json;
using ::testing::HasSubstr;

const std::string embeddings = HDQ_SOURCE_DIR "/data/minilm-fiori-778x384.npy";

// CRC-32C as docs/format.md has it, of a block's number and of its bytes.
std::uint32_t checksum(std::uint64_t block, const std::string& bytes) {
  std::string all(8, '\0');
  std::memcpy(all.data(), &block, 8);
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : all + bytes) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78u : 0u);
  }
  return ~crc;
}

std::vector<float> floats_of(const std::string& path) { return io::VectorReader(path).read_all(); }

struct Errors {
  double mean = 0, standard_error = 0;  // of ‖y − x‖²/‖x‖² over rows
};

Errors errors_of(const std::vector<float>& x, const std::vector<float>& y, std::size_t n) {
  std::vector<double> relative;
  for (std::size_t row = 0; row < x.size() / n; ++row) {
    double error = 0, norm = 0;
    for (std::size_t i = row * n; i < (row + 1) * n; ++i) {
      error += std::pow(static_cast<double>(y[i]) - static_cast<double>(x[i]), 2);
      norm += std::pow(static_cast<double>(x[i]), 2);
    }
    relative.push_back(error / norm);
  }
  const auto rows = static_cast<double>(relative.size());
  Errors errors;
  errors.mean = std::accumulate(relative.begin(), relative.end(), 0.0) / rows;
  double squares = 0;
  for (const double one : relative) squares += std::pow(one - errors.mean, 2);
  errors.standard_error = std::sqrt(squares / rows / (rows - 1));
  return errors;
}

class EntropyCodedCommand : public hdq::testing::CommandLine {
 protected:
  // The file's path; the closing line is in said_.
  std::string encode(const std::string& input, const std::string& options, const std::string& name = "x.hdq") {
    const std::string path = directory / name;
    const auto result = run_hdq("encode " + input + " -o " + path + " " + options);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    said_ = result.output;
    return path;
  }
  std::vector<float> decode(const std::string& codes, const std::string& options = "") {
    const std::string path = directory / "y.npy";
    const auto result = run_hdq("decode " + codes + " -o " + path + " " + options);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    said_ = result.output;
    return floats_of(path);
  }
  json info(const std::string& codes) { return json::parse(run_hdq("info " + codes + " --json").output); }
  json show(const std::string& codes, std::uint64_t row) {
    return json::parse(run_hdq("show " + codes + " --row " + std::to_string(row) + " --json").output);
  }
  std::string some_rows(const std::string& name, std::size_t rows, std::size_t n) {
    std::vector<float> x(rows * n);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i * i % 1009));
    return write_npy(name, x, n);
  }
  std::string said_;
};

TEST_F(EntropyCodedCommand, RateAndErrorAreWhatInfoMeasures) {
  const std::vector<float> x = floats_of(embeddings);
  for (const double rate : {0.3, 2.0, 6.5}) {
    const std::string codes = encode(embeddings, "--rate " + std::to_string(rate));
    const json fields = info(codes);
    const Step step = Step::of_rate(rate);
    EXPECT_EQ(fields["scheme"], "entropy-coded");
    EXPECT_EQ(fields["step"].get<float>(), step.value());
    EXPECT_EQ(fields["error"].get<double>(), step.error());
    EXPECT_EQ(fields["raw_bits"], step.raw_bits());
    EXPECT_NEAR(fields["rate"].get<double>(), rate, 1e-6);
    EXPECT_FALSE(fields.contains("bits"));
    const double bytes = static_cast<double>(std::filesystem::file_size(codes)), apart = fields["bits_per_coordinate"];
    EXPECT_EQ(fields["file_bytes"].get<double>(), bytes);
    EXPECT_DOUBLE_EQ(fields["bits_per_coordinate_with_norms"].get<double>(), 8 * bytes / (778 * 384));
    EXPECT_NEAR(apart, 8 * bytes / (778 * 384) - 32.0 / 384, 1e-12);
    EXPECT_NEAR(fields["row_bytes"].get<double>(), (bytes - 128) / 778, 1e-9);
    EXPECT_GT(apart, rate - 0.06) << rate;
    EXPECT_LT(apart, rate + 0.06) << rate;
    EXPECT_THAT(said_, HasSubstr(fmt::format("entropy-coded, step {:.9g}, seed 0; E|x^ - x|^2 = {:.9g} |x|^2 for every "
                                             "row; {:.4f} bits a coordinate, {:.4f} with the norms; {} bytes",
                                             step.value(), step.error(), apart, 8 * bytes / (778 * 384), bytes)));
    const Errors errors = errors_of(x, decode(codes), 384);
    EXPECT_LT(std::abs(errors.mean - step.error()), 4 * errors.standard_error) << rate;
  }
  const json fields = info(encode(embeddings, "--error 0.01"));
  EXPECT_LE(fields["error"].get<double>(), 0.01);
  EXPECT_GT(fields["error"].get<double>(), 0.00999999);
  EXPECT_EQ(std::count(said_.begin(), said_.end(), '\n'), 1);
  EXPECT_EQ(info(encode(embeddings, "--bits 3"))["scheme"], "fixed-rate");
}

TEST_F(EntropyCodedCommand, ExactlyOneOptionSaysHowFinely) {
  const std::string start = "encode " + embeddings + " -o " + (directory / "x.hdq") + " ";
  for (const char* options : {"", "--bits 4 --rate 2", "--rate 2 --error 0.1", "--bits 2 --rate 2 --error 0.1"})
    expect_error(start + options, 2, "exactly one of --bits, --rate and --error is needed");
  expect_error("encode absent.npy -o " + (directory / "x.hdq"), 2, "exactly one of");  // before the input is read
  for (const char* number : {"0.29", "12.01", "0", "-1", "nan", "inf", "two", "1e400", "''", "'2 '"})
    expect_error(start + "--rate " + number, 2, "--rate");
  for (const char* number : {"7.9e-8", "21.34", "0", "-1", "nan", "0.1x"})
    expect_error(start + "--error " + number, 2, "--error");
  expect_error(start + "--rate 0.1", 2, "--rate must be 0.3 to 12 bits per coordinate, not 0.1");
  EXPECT_FALSE(std::filesystem::exists(directory / "x.hdq"));
  for (const char* options : {"--rate 0.3", "--rate 12", "--error 8e-8", "--error 21.3"}) encode(embeddings, options);
}

TEST_F(EntropyCodedCommand, TheSameBytesOnEveryInstructionSetThreadCountAndThroughPipes) {
  const std::string first = read_file(encode(embeddings, "--rate 2.5 --seed 3 --threads 1 --isa scalar"));
  for (const char* how : {"--threads 3", "--isa avx2 --threads 2", "--isa avx512"}) {
    const auto result =
        run_hdq("encode " + embeddings + " -o " + (directory / "z.hdq") + " --rate 2.5 --seed 3 " + how);
    if (result.output.find("not supported") != std::string::npos) continue;
    EXPECT_TRUE(read_file(directory / "z.hdq") == first) << how;
  }
  const std::string hdq = HDQ_BINARY, out = directory / "p.hdq";
  EXPECT_EQ(run_shell("cat " + embeddings + " | " + hdq + " encode - -o - --rate 2.5 --seed 3 2>/dev/null > " + out)
                .exit_code,
            0);
  EXPECT_TRUE(read_file(out) == first);
  const std::vector<float> decoded = decode(directory / "x.hdq");
  EXPECT_EQ(decode(directory / "x.hdq", "--isa scalar --threads 3"), decoded);
  EXPECT_EQ(run_shell("cat " + out + " | " + hdq + " decode - -o - 2>/dev/null > " + (directory / "q.npy")).exit_code,
            0);
  EXPECT_EQ(floats_of(directory / "q.npy"), decoded);
  EXPECT_THAT(run_shell("head -c 3000 " + out + " | " + hdq + " info -").output,
              HasSubstr("hdq: standard input: truncated"));
}

TEST_F(EntropyCodedCommand, ShowGivesTheCodesAndTheLengthOfARow) {
  for (const auto& [n, option] : {std::pair<std::size_t, const char*>(100, "--rate 2"),
                                  std::pair<std::size_t, const char*>(1280, "--error 8e-8")}) {
    const std::string codes = encode(some_rows("x.npy", 9, n), std::string(option) + " --first-row 5");
    const FileReader file(codes);
    const std::size_t order = file.codec().order(), width = file.header().code_bytes() / order;
    EXPECT_EQ(width, n == 100 ? 2u : 4u);
    std::uint64_t streams = 0;
    BlockReader reader(file);
    for (std::uint64_t row = 0; row < 9; ++row) {
      const json fields = show(codes, row);
      EXPECT_EQ(fields["row_number"], row + 5);
      EXPECT_EQ(fields["step"].get<float>(), file.header().step);
      ASSERT_EQ(fields["codes"].size(), order);
      const EncodedView view = reader.rows(row, 1);
      EXPECT_EQ(fields["norm"].get<float>(), view.norms()[0]);
      for (std::size_t j = 0; j < order; ++j) {
        std::int16_t narrow = 0;
        std::int32_t code = 0;
        std::memcpy(width == 2 ? static_cast<void*>(&narrow) : &code, view.row_codes(0) + j * width, width);
        ASSERT_EQ(fields["codes"][j], width == 2 ? narrow : code) << row << " " << j;
      }
      streams += fields["stream_bytes"].get<std::uint64_t>();
    }
    // docs/format.md: header; base, width, lengths, raw bits, streams, padding, checksum; index.
    const std::uint64_t raw = (order * static_cast<std::uint64_t>(Step(file.header().step).raw_bits()) + 7) / 8;
    const std::uint64_t content = 8 + 9 + 9 * raw + streams;
    EXPECT_EQ(file.bytes(), 128 + (content + 3) / 4 * 4 + 4 + 8 + 4) << option;
    EXPECT_THAT(run_hdq("show " + codes + " --row 3").output,
                HasSubstr(fmt::format("{} codes of step {:.9g} in a stream of {} bytes", order, file.header().step,
                                      show(codes, 3)["stream_bytes"].get<int>())));
    expect_error("show " + codes + " --row 9", 2, "has 9 rows");
  }
}

TEST_F(EntropyCodedCommand, RowsOfZerosAndFilesWithoutRows) {
  std::vector<float> x(6 * 40, 0.0f);
  x[45] = 2;
  std::string codes = encode(write_npy("zeros.npy", x, 40), "--rate 1");
  EXPECT_EQ(show(codes, 0)["stream_bytes"], 0);
  EXPECT_EQ(show(codes, 0)["norm"], 0);
  EXPECT_GT(show(codes, 1)["stream_bytes"], 0);
  EXPECT_NEAR(
      info(codes)["bits_per_coordinate_with_norms"].get<double>() - info(codes)["bits_per_coordinate"].get<double>(),
      32.0 / (6 * 40), 1e-12);
  const std::vector<float> y = decode(codes);
  EXPECT_EQ(std::count(y.begin(), y.end(), 0.0f), 5 * 40);
  codes = encode(write_npy("none.npy", {}, 40), "--rate 1");
  EXPECT_EQ(info(codes)["rows"], 0);
  EXPECT_EQ(info(codes)["bits_per_coordinate"], 0);
  expect_error("show " + codes + " --row 0", 2, "has 0 rows");
  expect_error("search " + codes + " --queries " + (directory / "zeros.npy") + " -o -", 2, "has 0 rows");
  x[45] = NAN;
  expect_error("encode " + write_npy("nan.npy", x, 40) + " -o " + codes + " --rate 1", 3,
               "nan.npy: row 1, column 5: NaN");
}

TEST_F(EntropyCodedCommand, SearchFindsWhatTheLibraryFinds) {
  const std::string codes = encode(embeddings, "--rate 1.5"), out = directory / "found.jsonl";
  const FileReader file(codes);
  const std::vector<float> x = floats_of(embeddings);
  const Scorer scorer(file.codec(), {x.data(), 20, 384});
  const std::string queries = write_npy("q.npy", {x.begin(), x.begin() + 20 * 384}, 384);
  const std::vector<Neighbour> expected = hdq::search(scorer, Metric::cosine, file, 5);
  const json report =
      json::parse(run_hdq("search " + codes + " --queries " + queries + " -k 5 --metric cosine --json --original " +
                          embeddings + " --rerank 0 -o " + out)
                      .output);
  EXPECT_GT(report["recall_codes"], 0.6);
  EXPECT_GT(report["gigabytes_per_second"], 0);
  // Bytes scored: those of the file, not of codes in memory.
  EXPECT_NEAR(report["gigabytes_per_second"].get<double>() * report["seconds"].get<double>() * 1e9 / 20,
              static_cast<double>(file.bytes()), 2000);
  std::istringstream lines(read_file(out));
  std::string line;
  for (std::size_t query = 0; query < 20; ++query) {
    ASSERT_TRUE(std::getline(lines, line));
    for (std::size_t i = 0; i < 5; ++i) EXPECT_EQ(json::parse(line)["rows"][i], expected[query * 5 + i].row);
  }
  decode(codes);
  EXPECT_GT(json::parse(run_hdq("recall " + embeddings + " " + (directory / "y.npy") + " --json").output)["recall"],
            0.6);
}

TEST_F(EntropyCodedCommand, CentredAndPaddedRows) {
  std::vector<float> x(300 * 100);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 50 + std::sin(static_cast<float>(i * i % 1009));
  const std::string npy = write_npy("far.npy", x, 100), codes = encode(npy, "--rate 4 --center");
  EXPECT_THAT(said_, ::testing::AllOf(HasSubstr("(centred)"), HasSubstr("E|x^ - x|^2 <= "),
                                      HasSubstr("|x - mean|^2 for every row")));
  const json fields = info(codes);
  EXPECT_EQ(fields["centred"], true);
  EXPECT_EQ(fields["order"], 112);
  EXPECT_FALSE(fields.contains("error"));  // less than D, by the cut
  EXPECT_EQ(fields["error_bound"].get<double>(), Step::of_rate(4).error());
  const std::vector<float> y = decode(codes);
  double error = 0, norm = 0;
  const FileReader file(codes);
  for (std::size_t i = 0; i < x.size(); ++i)
    error += std::pow(y[i] - x[i], 2), norm += std::pow(x[i] - file.mean()[i % 100], 2);
  EXPECT_LT(error / norm, fields["error_bound"].get<double>() * 1.02);
  EXPECT_GT(error / norm, fields["error_bound"].get<double>() * 0.7);
}

TEST_F(EntropyCodedCommand, CheckJudgesCodesStreamsAndValues) {
  for (const char* option : {"--rate 2", "--error 0.00001"}) {
    const auto result = run_hdq("check " + embeddings + " --rows 40 --json " + option);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    const json check = json::parse(result.output);
    EXPECT_EQ(check["ok"], true);
    EXPECT_EQ(check["scheme"], "entropy-coded");
    EXPECT_EQ(check["streams"]["equal"], 40);
    EXPECT_EQ(check["norms"]["wrong"], 0);
    EXPECT_EQ(check["codes"]["wrong"], 0);
    EXPECT_GT(check["codes"]["equal"], 40 * 384 - 100);
    EXPECT_EQ(check["decoded"]["within_bound"], 40 * 384);
    EXPECT_FALSE(check.contains("bits"));
    const double error = Step(check["step"].get<float>()).error();
    EXPECT_NEAR(std::stod(check["mse"]["expected"]["lower"].get<std::string>()), error, 1e-8 * error);
    EXPECT_NEAR(check["mse"]["measured"].get<double>(), error, 0.05 * error);
    EXPECT_LT(std::abs(check["mse"]["deviation"].get<double>()), 4.5);
    EXPECT_NEAR(check["bits_per_coordinate"].get<double>(), check["rate"].get<double>(), 0.06);
  }
  EXPECT_THAT(
      run_hdq("check " + embeddings + " --rows 3 --rate 2").output,
      ::testing::AllOf(HasSubstr("streams  "), HasSubstr("bits of the streams"), HasSubstr("ok: nothing is wrong")));
  expect_error("check absent.npy", 2, "exactly one of --bits, --rate and --error is needed");
}

// ---- --shrink ----

TEST_F(EntropyCodedCommand, ShrinkingLessensTheError) {
  const std::vector<float> x = floats_of(embeddings);
  for (const auto& [options, bound] : {std::pair<std::string, double>("--bits 1", 6.445831 / 4),
                                       std::pair<std::string, double>("--bits 2", 3.930069 / 16),
                                       std::pair<std::string, double>("--rate 1", Step::of_rate(1).error()),
                                       std::pair<std::string, double>("--rate 0.3", Step::of_rate(0.3).error())}) {
    const std::string codes = encode(embeddings, options);
    const std::vector<float> plain = decode(codes);
    EXPECT_THAT(said_, ::testing::Not(HasSubstr("shrunk")));
    const std::vector<float> shrunk = decode(codes, "--shrink");
    const double factor = 1 / (1 + bound);
    EXPECT_THAT(said_, HasSubstr(fmt::format("float32, shrunk by {:.6f}", factor).substr(0, 24))) << options;
    for (std::size_t i = 0; i < x.size(); ++i)
      ASSERT_NEAR(shrunk[i], factor * static_cast<double>(plain[i]), 2e-7 * std::abs(plain[i])) << options << " " << i;
    const Errors before = errors_of(x, plain, 384), after = errors_of(x, shrunk, 384);
    EXPECT_NEAR(info(codes)["error_bound"].get<double>(), bound, 1e-9);
    EXPECT_LT(after.mean, bound / (1 + bound) + 4 * after.standard_error) << options;
    EXPECT_LT(after.mean, before.mean) << options;
    EXPECT_GT(after.mean, 0.7 * bound / (1 + bound)) << options;
    EXPECT_EQ(decode(codes, "--shrink --isa scalar"), shrunk);
  }
}

TEST_F(EntropyCodedCommand, ShrinkingIsTowardsTheMean) {
  std::vector<float> x(50 * 100);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = 50 + std::sin(static_cast<float>(i * i % 1009));
  const std::string npy = write_npy("far.npy", x, 100);
  for (const char* options : {"--bits 2 --center", "--rate 1 --center"}) {
    const std::string codes = encode(npy, options);
    const std::vector<float> plain = decode(codes), shrunk = decode(codes, "--shrink");
    const FileReader file(codes);
    const double factor = file.codec().shrink_factor();
    EXPECT_LT(factor, 0.9);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const auto mean = static_cast<double>(file.mean()[i % 100]);
      ASSERT_NEAR(shrunk[i], mean + factor * (static_cast<double>(plain[i]) - mean), 1e-5) << options;
    }
  }
}

// ---- damage ----

TEST_F(EntropyCodedCommand, DamageIsOneLineThatNamesTheFile) {
  const std::string npy = some_rows("x.npy", 40, 64), codes = encode(npy, "--rate 7 --center"),
                    whole = read_file(codes);
  ASSERT_EQ(Step(FileReader(codes).header().step).raw_bits(), 2);
  const std::uint64_t block = FileReader(codes).block_offset(0), raw = block + 8 + 40, streams = raw + 40 * 64 * 2 / 8;
  ASSERT_EQ(FileReader(codes).header().blocks(), 1u);
  const std::uint64_t index = block + FileReader(codes).block_bytes(0);
  overwrite_file(directory / "y.npy", "old");
  const auto fails = [&](const std::string& bytes, const std::string& what) {
    overwrite_file(codes, bytes);
    for (const std::string& command :
         {"info " + codes, "decode " + codes + " -o " + (directory / "y.npy"), "show " + codes + " --row 39",
          "search " + codes + " --queries " + npy + " -o " + (directory / "y.npy")}) {
      const auto result = run_hdq(command);
      EXPECT_EQ(result.exit_code, 3) << command;
      EXPECT_EQ(std::count(result.output.begin(), result.output.end(), '\n'), 1) << result.output;
      EXPECT_THAT(result.output, ::testing::AllOf(HasSubstr("hdq: "), HasSubstr("x.hdq: "), HasSubstr(what)))
          << command;
    }
    EXPECT_EQ(read_file(directory / "y.npy"), "old");
  };
  struct Part {
    const char* name;
    std::uint64_t byte;
    const char* said;
  };
  for (const Part& part : {Part{"step", 72, "header"}, Part{"mean", 130, "mean"}, Part{"base", block, "block 0"},
                           Part{"width", block + 4, "block 0"}, Part{"lengths", block + 20, "block 0"},
                           Part{"raw bits", raw + 100, "block 0"}, Part{"streams", streams + 300, "block 0"},
                           Part{"checksum", index - 2, "block 0"}, Part{"index", index + 1, "index"},
                           Part{"checksum of the index", index + 9, "index"}}) {
    SCOPED_TRACE(part.name);
    std::string bytes = whole;
    bytes[part.byte] = static_cast<char>(bytes[part.byte] ^ 0x10);
    fails(bytes, part.said);
  }
  for (const std::uint64_t length :
       {std::uint64_t{100}, std::uint64_t{128}, block, block + 30, streams + 5, index, index + 11}) {
    SCOPED_TRACE(length);
    fails(whole.substr(0, length), "x.hdq: ");
  }
  fails(whole + "x", "x.hdq: ");

  // Right checksums, wrong contents.
  const auto sealed = [&](std::uint64_t at, char flip) {
    std::string bytes = whole;
    bytes[at] = static_cast<char>(bytes[at] ^ flip);
    const std::uint32_t crc = checksum(0, bytes.substr(block, index - block - 4));
    std::memcpy(bytes.data() + index - 4, &crc, 4);
    return bytes;
  };
  ASSERT_EQ(sealed(block, 0), whole);
  std::uint64_t last =
      index - 4;  // of the last row's stream, which ends in a nonzero byte here or some padding before it
  while (whole[last - 1] == 0) --last;
  fails(sealed(last - 1, 0x40), "the stream of row 39 is not one of codes");
  fails(sealed(block + 4, 0x03), "block 0");
  fails(sealed(block + 8 + 39, 0x20), "block 0");
}

}  // namespace
}  // namespace hdq
