// hdq codebook: its files, its output, its exit status. The figures and verdicts themselves: tests/reference/codebook_diagnosis_test.cpp.
#include <fstream>
#include <nlohmann/json.hpp>

#include "command_line.hpp"

namespace hdq::testing {
namespace {

using nlohmann::json;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

class CodebookCommand : public CommandLine {
 protected:
  std::string write(const std::string& name, const std::string& text) {
    const std::string path = directory / name;
    std::ofstream(path) << text;
    return path;
  }
  static json run(const std::string& arguments, int exit_code = 0) {
    const CommandResult result = run_hdq("codebook --json " + arguments);
    EXPECT_EQ(result.exit_code, exit_code) << result.output;
    return json::parse(result.output);
  }
};

const char* const max3 = "-2.152 -1.344 -0.7560 -0.2451 0.2451 0.7560 1.344 2.152";

TEST_F(CodebookCommand, EveryKindOfFileSaysTheSame) {
  const json text = run(
      write("a.txt", std::string("# Max 1960\n-2.152f,-1.344f;\n-0.7560 -0.2451 ") + "0.2451 0.7560 1.344 2.152\n"));
  EXPECT_EQ(text["levels"], 8);
  EXPECT_EQ(text["verdicts"], json::array());
  EXPECT_EQ(text["laws"][0]["rules"]["norm"]["error"]["lower"].get<std::string>().substr(0, 7), "0.03454");
  const std::string list = "[-2.152, -1.344, -0.7560, -0.2451, 0.2451, 0.7560, 1.344, 2.152]";
  EXPECT_EQ(run(write("b.json", list)), text);
  EXPECT_EQ(run(write("c.json",
                      "{\"name\": \"Max\", \"centroids\": " + list + ", \"unit\": \"1/sqrt(d)\", \"tie\": \"up\"}")),
            text);
  const json npy = run(write_npy("d.npy", {-2.152f, -1.344f, -0.7560f, -0.2451f, 0.2451f, 0.7560f, 1.344f, 2.152f}, 8));
  EXPECT_EQ(npy["verdicts"], json::array());
  EXPECT_EQ(npy["laws"][0]["rules"]["norm"]["error"]["lower"].get<std::string>().substr(0, 7), "0.03454");
  // float64, little and big endian, keeps what float32 would lose: 1 + 2^-40.
  std::string npy64 = "\x93NUMPY\x01";
  std::string header = "{'descr': '>f8', 'fortran_order': False, 'shape': (2,), }";
  header.resize(117, ' ');
  header += '\n';
  npy64 += std::string("\0\x76\0", 3) + header;
  npy64 += std::string("\xbf\xf0\0\0\0\0\0\0", 8) + std::string("\x3f\xf0\0\0\0\0\x10\0", 8);
  const json wide = run(write("e.npy", npy64), 1);
  EXPECT_EQ(wide["levels"], 2);
  const std::string mean = wide["laws"][0]["mean"]["lower"];
  EXPECT_EQ(mean.substr(0, 6), "9.1911") << mean;  // 2^-41 (1 - 2 φ(0))
}

TEST_F(CodebookCommand, VerdictsSetTheExitStatus) {
  const std::string right = write("right.txt", max3), narrow = write("narrow.txt", "-0.8 -0.3 0.3 0.8");
  EXPECT_THAT(run_hdq("codebook " + right).output, AllOf(HasSubstr("nothing wrong"), Not(HasSubstr("WRONG"))));
  const CommandResult claim = run_hdq("codebook --claim 0.03455,0.03 " + right);
  EXPECT_EQ(claim.exit_code, 1);
  EXPECT_THAT(claim.output,
              AllOf(HasSubstr("note: 0.03455 is right"),
                    HasSubstr("WRONG: 0.03 is the error rounded down to 1 digit, and as a bound it is false")));
  EXPECT_THAT(run(narrow, 1)["verdicts"][0]["text"], HasSubstr("too narrow: best scale is"));
  EXPECT_THAT(run_hdq("codebook " + narrow).output, HasSubstr("WRONG: too narrow"));
  // Under the unbiased rule a table of signs has no scale.
  const std::string signs = write("signs.txt", "-1 1");
  EXPECT_EQ(run_hdq("codebook " + signs).exit_code, 1);
  EXPECT_EQ(run_hdq("codebook --rule unbiased " + signs).exit_code, 0);
}

// A constant row has z = 1 and its error is (0.756 − 1)²; a one-hot row in dimension 4 has z = 2, 0, 0, 0.
TEST_F(CodebookCommand, VectorsAndTheWorstOne) {
  const std::string book = write("book.txt", max3);
  const std::string rows = write_npy("rows.npy", {1, 1, 1, 1, 0, 3, 0, 0, 0, 0, 0, 0}, 4);
  const json r = run(book + " --vectors " + rows);
  EXPECT_EQ(r["vectors"]["rows"], 2);
  EXPECT_EQ(r["vectors"]["zero_rows"], 1);
  EXPECT_EQ(r["vectors"]["counts"], json({0, 0, 0, 0, 3, 4, 0, 1}));
  const double constant = 0.244 * 0.244, one_hot = (0.152 * 0.152 + 3 * 0.2451 * 0.2451) / 4;
  EXPECT_NEAR(std::stod(r["vectors"]["rules"]["norm"]["error"]["lower"].get<std::string>()), 0.5 * (constant + one_hot),
              1e-9);
  EXPECT_EQ(r["vectors"]["rules"]["norm"]["row"], constant > one_hot ? 0 : 1);
  EXPECT_EQ(r["laws"].size(), 2u);  // the sphere in dimension 4 too
  // In dimension 1024 without a rotation, what the largest codeword leaves of a one-hot vector: about (1 − 2.152/32)².
  const json worst = run(book + " --dim 1024")["worst"];
  EXPECT_THAT(worst["none"]["vector"], HasSubstr("1-hot"));
  const double left = (32 - 2.152) * (32 - 2.152) / 1024 + 1023.0 / 1024 * 0.2451 * 0.2451;
  EXPECT_NEAR(std::stod(worst["none"]["error"]["lower"].get<std::string>()), left, 1e-9);
  EXPECT_LT(std::stod(worst["hd"]["error"]["upper"].get<std::string>()), 0.1);
  EXPECT_GT(std::stod(worst["hd"]["error"]["lower"].get<std::string>()), 0.0595);  // one-hot: 0.244²
}

TEST_F(CodebookCommand, OtherCommandsTakeIt) {
  const std::string book = write("book.txt", max3);
  const auto value = [](const std::string& arguments, const char* key) {
    const CommandResult result = run_hdq(arguments + " --json");
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return std::stod(json::parse(result.output)[key]["lower"].get<std::string>());
  };
  EXPECT_NEAR(value("mse --preset one-hot --codebook " + book, "mse"), 0.244 * 0.244, 1e-12);
  EXPECT_NEAR(value("mse --rotation none --preset flat --codebook " + book, "mse"), 0.244 * 0.244, 1e-12);
  EXPECT_NEAR(value("mse --rotation limit --codebook " + book, "mse"), 0.0345478, 1e-7);
  EXPECT_NEAR(value("bias --preset one-hot --codebook " + book, "correlation"), 0.756, 1e-12);
  EXPECT_NEAR(value("bias --rotation none --preset one-hot --dim 4 --codebook " + book, "correlation"), 2.152 / 2,
              1e-12);
  // In units of unit vectors of the padded dimension: 48 for 41.
  const std::string unit = write("unit.txt", "-0.2214 -0.0653 0.0653 0.2214");
  EXPECT_NEAR(value("mse --unit 1 --preset k-hot:1 --dim 41 --codebook " + unit, "mse"),
              std::pow(1 - 0.2214 * std::sqrt(48.0), 2), 1e-12);
  EXPECT_GT(value("adversary --dim 8 --codebook " + book, "mse"), 0.0595);
  expect_error("mse --codebook " + book + " --bits 3 --preset flat", 2, "--codebook");
  expect_error("mse --codebook " + book + " --levels 3 --preset flat", 2, "--codebook");
  expect_error("mse --unit 1 --bits 3 --preset flat", 2, "--unit");
  expect_error("mse --unit 1 --rotation limit --codebook " + book, 2, "--dim");
  expect_error("bias --rotation none --bits 3 --preset flat", 2, "--rotation none");
  expect_error("adversary --dim 8", 2, "--bits");
  expect_error("adversary --dim 8 --scheme uniform --codebook " + book, 2, "--codebook");
  expect_error("mse --preset flat --codebook " + write("nan.txt", "nan 1"), 3, "centroid 0");
}

// Shipped profiles by their rules: TurboQuant stores the norm, EDEN an unbiased factor, qdrant one that matches the norm; vLLM's table in units of 1/√d.
TEST_F(CodebookCommand, TakesProfiles) {
  EXPECT_EQ(run("--profile turboquant-mse --bits 4 --dim 128")["rule"], "norm");
  const json eden = run("--profile eden --bits 1 --dim 64");
  EXPECT_EQ(eden["rule"], "unbiased");
  EXPECT_EQ(eden["verdicts"], json::array());
  EXPECT_NEAR(std::stod(eden["laws"][0]["rules"]["unbiased"]["error"]["lower"].get<std::string>()), 0.5707963, 1e-7);
  EXPECT_EQ(run("--profile qdrant-turboquant --bits 4 --dim 96")["rule"], "matched-norm");
  const json llama = run("--profile llama-turboquant-4bit --bits 4 --dim 128");
  EXPECT_EQ(llama["verdicts"], json::array());
  EXPECT_EQ(llama["rule"], "matched-norm");
  const json turbovec = run("--profile turbovec --bits 3 --dim 96");  // the sphere's own table
  EXPECT_EQ(turbovec["judged_by"], "sphere in dimension 96");
  EXPECT_EQ(turbovec["verdicts"], json::array());
  const auto value = [](const std::string& arguments, const char* key) {
    const CommandResult result = run_hdq(arguments + " --json");
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return std::stod(json::parse(result.output)[key]["lower"].get<std::string>());
  };
  // One bit on two equal coordinates: half of the rotated ones are 0 and get the codeword a above, A = a², B = a/√2.
  EXPECT_NEAR(value("mse --profile eden --bits 1 --preset k-hot:2 --dim 64 --rotation hd", "mse"), 1, 1e-12);
  EXPECT_NEAR(value("bias --profile eden --bits 1 --preset k-hot:2 --dim 64 --rotation hd", "correlation"), 1, 1e-12);
  EXPECT_NEAR(value("mse --profile turboquant-mse --bits 2 --preset one-hot --dim 64 --rotation hd", "mse"), 0.26053, 5e-6);
  EXPECT_NEAR(value("mse --profile drive --bits 1 --rotation limit", "mse"), 0.5707963, 1e-7);
  EXPECT_GT(value("adversary --profile turboquant-mse --bits 2 --dim 8 --rotation hd", "mse"), 0.26);
  EXPECT_EQ(run("--profile turboquant-mse-sphere --bits 2 --dim 24")["verdicts"], json::array());
  expect_error("codebook --profile drive --bits 2", 2, "not offered");
  expect_error("codebook --profile qdrant-turboquant --bits 3", 2, "not offered");
  expect_error("codebook --profile ffht --bits 2", 3, "codebook: there is none");
  expect_error("codebook --profile ggml-q4_0 --bits 4", 3, "scale: not the norm");
  expect_error("codebook --profile turboquant-mse", 2, "--bits");
  expect_error("codebook --profile eden --bits 1 --rule norm --unit 1", 2, "--unit");
  expect_error("codebook", 2, "FILE");
  expect_error("mse --profile eden --bits 1 --preset gaussian --dim 64 --rotation hd", 3, "scale rule unbiased");
  expect_error("adversary --profile eden --bits 1 --dim 8 --rotation hd", 2, "norm");
}

TEST_F(CodebookCommand, RefusesWithOneLine) {
  const std::string book = write("book.txt", max3);
  expect_error("codebook " + write("nan.txt", "-1 nan 1"), 3,
               "nan.txt: centroid 1: nan is not a finite decimal number");
  expect_error("codebook " + write("inf.json", "{\"centroids\": [-1, 1], \"thresholds\": [\"x\"]}"), 3,
               "threshold 1: x is not a finite decimal number");
  expect_error("codebook " + write("order.json", "{\"centroids\": [-1, 0, 1], \"thresholds\": [1, -1]}"), 3,
               "threshold 2 is below threshold 1");
  expect_error("codebook " + write("count.json", "{\"centroids\": [-1, 0, 1], \"thresholds\": [1]}"), 3,
               "1 thresholds between 3 codewords");
  expect_error("codebook " + write("key.json", "{\"centroid\": [-1, 0, 1]}"), 3, "no such key: centroid");
  expect_error("codebook " + write("cut.json", "[1, 2"), 3, "cut.json: not JSON, at byte");
  expect_error("codebook " + write("deep.json", "[[1, 2]]"), 3, "an array is not a finite decimal number");
  expect_error("codebook " + write("one.txt", "1"), 3, "at least 2 codewords");
  expect_error("codebook " + write("empty.txt", ""), 3, "at least 2 codewords");
  expect_error("codebook " + write("large.txt", "1 1e99999"), 3, "centroid 1: 1e99999 is beyond");
  expect_error("codebook " + write("huge.txt", "1 2e101"), 3, "centroid 1: 2e101 is beyond");
  std::string many;
  for (int k = 0; k < 65537; ++k) many += std::to_string(k) + "\n";
  expect_error("codebook " + write("many.txt", many), 3, "more than 65536 centroids");
  expect_error("codebook " + write_npy("nan.npy", {0, 1, std::nanf("")}, 3), 3, "centroid 2: nan is not");
  expect_error("codebook /nonexistent.txt", 3, "nonexistent");
  expect_error("codebook " + book + " --unit 1", 2, "--unit 1 needs --dim");
  expect_error("codebook " + book + " --unit x", 2, "--unit");
  expect_error("codebook " + book + " --claim 0", 2, "--claim");
  expect_error("codebook " + book + " --rule best", 2, "--rule");
  const std::string rows = write_npy("rows.npy", {1, 2, 3, std::nanf("")}, 2);
  expect_error("codebook " + book + " --vectors " + rows, 3, "row 1, column 1: NaN");
  expect_error("codebook " + book + " --dim 3 --vectors " + rows, 2, "--dim 3");
}

}  // namespace
}  // namespace hdq::testing
