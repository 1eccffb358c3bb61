// The command line as its users meet it: results, messages, exit codes, and files that stay whole.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "command_line.hpp"
#include "hdq/stages.hpp"

namespace hdq {
namespace {

using ::testing::HasSubstr;
using nlohmann::json;
using hdq::testing::overwrite_file;
using hdq::testing::read_file;
using hdq::testing::run_hdq;

const std::string embeddings = HDQ_SOURCE_DIR "/data/minilm-fiori-778x384.npy";

using hdq::testing::CommandLine;

TEST_F(CommandLine, VersionAndHelp) {
  EXPECT_THAT(run_hdq("--version").output, HasSubstr("hdq "));
  EXPECT_EQ(run_hdq("--version").exit_code, 0);
  for (const char* command : {"encode", "decode", "info", "show", "scalar", "check", "recall"}) {
    const auto help = run_hdq(std::string(command) + " --help");
    EXPECT_EQ(help.exit_code, 0);
    EXPECT_THAT(help.output, HasSubstr(std::string("Example:\n  hdq ") + command));
  }
}

TEST_F(CommandLine, EncodesTheSameBytesOnEveryInstructionSetAndThreadCount) {
  const std::string path = directory / "a.hdq";
  std::string first;
  for (const char* isa : {"scalar", "avx2", "avx512", "auto"}) {
    for (const char* threads : {"1", "2", "7"}) {
      const auto result = run_hdq("encode " + embeddings + " -o " + path + " --bits 3 --seed 5 --isa " + isa + " --threads " + threads);
      if (result.exit_code == cli::exit_usage && result.output.find("not supported") != std::string::npos) continue;
      ASSERT_EQ(result.exit_code, 0) << result.output;
      if (first.empty()) first = read_file(path);
      ASSERT_TRUE(read_file(path) == first) << isa << " " << threads;
    }
  }
}

TEST_F(CommandLine, FirstRowContinuesAnEncoding) {
  std::vector<float> x(6 * 20);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i));
  const std::string all = write_npy("all.npy", x, 20), tail = write_npy("tail.npy", {x.begin() + 80, x.end()}, 20);
  run_hdq("encode " + all + " -o " + (directory / "all.hdq") + " --bits 4");
  run_hdq("encode " + tail + " -o " + (directory / "tail.hdq") + " --bits 4 --first-row 4");
  auto a = json::parse(run_hdq("show " + (directory / "all.hdq") + " --row 5 --json").output);
  auto b = json::parse(run_hdq("show " + (directory / "tail.hdq") + " --row 1 --json").output);
  EXPECT_EQ(a["codes"], b["codes"]);
  EXPECT_EQ(a["dither_word"], b["dither_word"]);
  EXPECT_EQ(a["dither_word"].get<std::uint32_t>(), dither_word(0, 5));
  EXPECT_EQ(a["row"], 5);
  EXPECT_EQ(a["codes"].size(), 20u);
}

TEST_F(CommandLine, SharedDitherIsOneWordForAllRows) {
  std::vector<float> x(6 * 20);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::sin(static_cast<float>(i % 20));
  const std::string in = write_npy("x.npy", x, 20), codes = directory / "x.hdq", other = directory / "y.hdq";
  const auto result = run_hdq("encode " + in + " -o " + codes + " --bits 2 --seed 3 --dither shared");
  ASSERT_EQ(result.exit_code, 0) << result.output;
  EXPECT_THAT(result.output, HasSubstr("2 bits with shared dither, seed 3"));
  for (const char* row : {"0", "5"}) {
    const auto shown = json::parse(run_hdq("show " + codes + " --json --row " + row).output);
    EXPECT_EQ(shown["dither_word"].get<std::uint32_t>(), dither_word(3, UINT64_MAX));
    EXPECT_EQ(shown["shared_dither"], true);
  }
  EXPECT_EQ(json::parse(run_hdq("info " + codes + " --json").output)["dither"], "shared");
  const auto check = json::parse(run_hdq("check " + in + " --bits 2 --seed 3 --dither shared --json").output);
  EXPECT_EQ(check["ok"], true);
  EXPECT_EQ(check["dither"], "shared");
  EXPECT_EQ(check["mse"].count("deviation"), 0u);  // of rows that are not independent
  EXPECT_EQ(json::parse(run_hdq("check " + in + " --bits 2 --json").output)["mse"].count("deviation"), 1u);

  run_hdq("encode " + in + " -o " + codes + " --bits 2");
  run_hdq("encode " + in + " -o " + other + " --bits 2 --dither row");
  EXPECT_TRUE(read_file(codes) == read_file(other));
  EXPECT_EQ(json::parse(run_hdq("info " + codes + " --json").output)["dither"], "row");
  std::remove(other.c_str());
  for (const char* fineness : {"--rate 2", "--error 0.1"})
    expect_error("encode " + in + " -o " + other + " " + fineness + " --dither shared", 2,
                 "--dither shared needs --bits");
  expect_error("encode " + in + " -o " + other + " --bits 2 --dither none", 2, "--dither: none not in {row,shared}");
  EXPECT_FALSE(std::ifstream(other).good());
}

TEST_F(CommandLine, DecodeGivesTheRowsBack) {
  std::vector<float> x(50 * 100);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = std::cos(static_cast<float>(i * i));
  const std::string in = write_npy("x.npy", x, 100), codes = directory / "x.hdq", out = directory / "y.npy";
  ASSERT_EQ(run_hdq("encode " + in + " -o " + codes + " --bits 8").exit_code, 0);
  ASSERT_EQ(run_hdq("decode " + codes + " -o " + out).exit_code, 0);
  const io::VectorReader decoded(out);
  ASSERT_EQ(decoded.rows(), 50u);
  ASSERT_EQ(decoded.dimension(), 100u);
  std::vector<float> y(x.size());
  decoded.read(0, 50, y.data());
  double error = 0, norm = 0;
  for (std::size_t i = 0; i < x.size(); ++i) error += std::pow(x[i] - y[i], 2), norm += std::pow(x[i], 2);
  EXPECT_LT(error / norm, 3 * 2.73 / 65536);
  EXPECT_GT(error / norm, 2.73 / 65536 / 3);
  const auto info = json::parse(run_hdq("info " + codes + " --json").output);
  EXPECT_EQ(info["rows"], 50);
  EXPECT_EQ(info["order"], 112);
  EXPECT_EQ(info["row_bytes"], 4 + 112);
}

TEST_F(CommandLine, BadUsageExitsWithTwo) {
  expect_error("", 2, "subcommand");
  expect_error("encode " + embeddings + " --bits 4", 2, "output");
  expect_error("encode " + embeddings + " -o " + (directory / "x.hdq") + " --bits 9", 2, "bits");
  expect_error("encode " + embeddings + " -o " + (directory / "x.hdq") + " --bits 0", 2, "bits");
  expect_error("encode " + embeddings + " -o " + (directory / "x.hdq") + " --bits four", 2, "bits");
  expect_error("encode " + embeddings + " -o " + (directory / "x.hdq") + " --bits 4 --seed -1", 2, "seed");
  expect_error("encode " + embeddings + " -o " + (directory / "x.hdq") + " --bits 4 --isa sse9", 2, "isa");
  expect_error("encode " + embeddings + " -o " + (directory / "x.hdq") + " --bits 4 --nonsense", 2, "nonsense");
  expect_error("encode " + embeddings + " -o " + embeddings + " --bits 4", 2, "replace the input");
  ASSERT_EQ(run_hdq("encode " + embeddings + " -o " + (directory / "a.hdq") + " --bits 1").exit_code, 0);
  expect_error("show " + (directory / "a.hdq") + " --row 778", 2, "778");
}

TEST_F(CommandLine, BadInputExitsWithThreeAndLeavesTheOldOutput) {
  const std::string out = directory / "out.hdq";
  overwrite_file(out, "old");
  const auto encode = [&](const std::string& in) { return "encode " + in + " -o " + out + " --bits 4"; };
  std::vector<float> x(3 * 8, 1.0f);
  x[2 * 8 + 5] = NAN;
  expect_error(encode(write_npy("nan.npy", x, 8)), 3, "nan.npy: row 2, column 5: NaN");
  x[2 * 8 + 5] = 1.0f;
  x[8] = -INFINITY;
  expect_error(encode(write_npy("inf.npy", x, 8)), 3, "inf.npy: row 1, column 0: infinity");
  std::fill(x.begin(), x.end(), 3e38f);
  expect_error(encode(write_npy("big.npy", x, 8)), 3, "big.npy: row 0: the norm is beyond float32");
  expect_error(encode(directory / "absent.npy"), 3, "absent.npy: cannot open");
  expect_error(encode(directory / "x.txt"), 3, "x.txt");
  expect_error("encode " + embeddings + " -o " + (directory / "no/a.hdq") + " --bits 4", 3, "no/a.hdq");
  EXPECT_EQ(read_file(out), "old");

  std::string bytes = (run_hdq(encode(embeddings)), read_file(out));
  bytes[5000] = static_cast<char>(bytes[5000] ^ 4);
  overwrite_file(out, bytes);
  overwrite_file(directory / "y.npy", "old");
  expect_error("info " + out, 3, "block 0");
  expect_error("decode " + out + " -o " + (directory / "y.npy"), 3, "block 0");
  EXPECT_EQ(read_file(directory / "y.npy"), "old");
  overwrite_file(out, bytes.substr(0, 3000));
  expect_error("info " + out, 3, "truncated");
  overwrite_file(out, "junk");
  expect_error("info " + out, 3, "magic");
}

}  // namespace
}  // namespace hdq
