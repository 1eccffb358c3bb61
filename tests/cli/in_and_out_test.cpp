// The command line's files: every format in and out, pipes, names that would lose a file, numbers that are none, text that is none.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstring>
#include <nlohmann/json.hpp>
#include <vector>

#include "command_line.hpp"
#include "hdq/file.hpp"
#include "hdq/io/npy.hpp"

namespace hdq {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using hdq::testing::overwrite_file;
using hdq::testing::read_file;
using hdq::testing::run_hdq;
using hdq::testing::run_shell;
using nlohmann::json;

class InAndOut : public hdq::testing::CommandLine {
 protected:
  void SetUp() override {
    for (std::size_t i = 0; i < 60 * 24; ++i) x.push_back(std::sin(static_cast<float>(i * i)));
    npy = write_npy("x.npy", x, 24);
    codes = directory / "x.hdq";
    ASSERT_EQ(run_hdq("encode " + npy + " -o " + codes + " --bits 4").exit_code, 0);
    reference = read_file(codes);
  }
  // The rows in another format.
  std::string as(const std::string& name) {
    const std::string path = directory / name;
    io::VectorWriter writer(path, 60, 24);
    writer.append(x.data(), 60);
    writer.commit();
    return path;
  }
  std::vector<float> x;
  std::string npy, codes, reference;
};

TEST_F(InAndOut, EncodesEveryFormatToTheSameBytes) {
  const std::string out = directory / "y.hdq";
  const std::string raw = as("x.raw"), renamed = directory / "renamed.xyz";
  std::filesystem::copy_file(npy, renamed);
  for (const std::string& input : {as("x.FVECS"), as("x.safetensors"), as("w.safetensors:some name"), renamed, raw + " --dtype f4 --dim 24", raw + " --format raw --dtype '<f4' --dim 24"}) {
    const auto result = run_hdq("encode " + (input.find("some name") == std::string::npos ? input : "'" + input + "'") + " -o " + out + " --bits 4");
    ASSERT_EQ(result.exit_code, 0) << result.output;
    EXPECT_TRUE(read_file(out) == reference) << input;
  }
  expect_error("encode " + raw + " -o " + out + " --bits 4", 3, "raw numbers need --dtype and --dim");
  expect_error("encode " + npy + " --dim 24 -o " + out + " --bits 4", 2, "--dtype and --dim are for raw numbers");
}

TEST_F(InAndOut, EncodesNarrowNumbersWithoutADetour) {
  std::string half = io::npy_header(io::Element::float16, 2, 24);
  std::vector<float> wide;
  for (int i = 0; i < 48; ++i) {
    half += {static_cast<char>(i * 5), static_cast<char>(0x3c + i % 4)};
    const Float16 number{static_cast<std::uint16_t>((0x3c + i % 4) << 8 | (i * 5 & 0xff))};
    wide.push_back(std::ldexp(1 + static_cast<float>(number.bits & 0x3ff) / 1024, (number.bits >> 10) - 15));
  }
  overwrite_file(directory / "h.npy", half);
  write_npy("w.npy", wide, 24);
  ASSERT_EQ(run_hdq("encode " + (directory / "h.npy") + " -o " + (directory / "h.hdq") + " --bits 5").exit_code, 0);
  ASSERT_EQ(run_hdq("encode " + (directory / "w.npy") + " -o " + (directory / "w.hdq") + " --bits 5").exit_code, 0);
  EXPECT_TRUE(read_file(directory / "h.hdq") == read_file(directory / "w.hdq"));
  half[half.size() - 2] = 0, half[half.size() - 1] = 0x7c;
  overwrite_file(directory / "h.npy", half);
  expect_error("encode " + (directory / "h.npy") + " -o " + (directory / "h.hdq") + " --bits 5", 3, "h.npy: row 1, column 23: infinity");
}

TEST_F(InAndOut, ReadsAndWritesPipes) {
  const std::string out = directory / "y.hdq", hdq = HDQ_BINARY;
  EXPECT_EQ(run_shell("cat " + npy + " | " + hdq + " encode - -o " + out + " --bits 4").exit_code, 0);
  EXPECT_TRUE(read_file(out) == reference);
  EXPECT_EQ(run_shell("cat " + as("x.fvecs") + " | " + hdq + " encode - --format fvecs -o " + out + " --bits 4").exit_code, 0);
  EXPECT_TRUE(read_file(out) == reference);
  EXPECT_EQ(run_shell(hdq + " encode - -o " + out + " --bits 4 < " + npy).exit_code, 0);
  EXPECT_TRUE(read_file(out) == reference);

  ASSERT_EQ(run_hdq("decode " + codes + " -o " + (directory / "y.npy")).exit_code, 0);
  const std::string decoded = read_file(directory / "y.npy");
  EXPECT_EQ(run_shell("cat " + codes + " | " + hdq + " decode - -o - 2>/dev/null > " + (directory / "z.npy")).exit_code, 0);
  EXPECT_TRUE(read_file(directory / "z.npy") == decoded);
  EXPECT_EQ(run_shell(hdq + " decode " + codes + " -o - --format fvecs 2>/dev/null | " + hdq + " recall " + npy + " - --format fvecs -k 3").exit_code, 0);
  EXPECT_EQ(json::parse(run_shell("cat " + codes + " | " + hdq + " info - --json").output)["file"], "standard input");
  EXPECT_THAT(run_shell("head -c 1000 " + codes + " | " + hdq + " info -").output, AllOf(HasSubstr("hdq: standard input: "), Not(HasSubstr("/proc"))));
  EXPECT_THAT(run_shell("cat " + npy + " | " + hdq + " check - --bits 2 --rows 3").output, HasSubstr("ok: nothing is wrong"));

  EXPECT_EQ(run_shell("cat " + npy + " | TMPDIR=" + (directory / "") + " " + hdq + " encode - -o - --bits 4 2>/dev/null > " + out).exit_code, 0);
  EXPECT_TRUE(read_file(out) == reference);
  EXPECT_EQ(run_shell("cd " + (directory / "") + " && " + hdq + " encode x.npy -o - --bits 4 > /dev/full").exit_code, 3);
  for (const auto& entry : std::filesystem::directory_iterator(directory / "")) EXPECT_THAT(entry.path().filename().string(), Not(::testing::AnyOf("-", ::testing::StartsWith("hdq-"))));

  const auto found = run_shell("cat " + npy + " | " + hdq + " search " + codes + " --queries - -k 2 -o - 2>/dev/null");
  EXPECT_EQ(std::count(found.output.begin(), found.output.end(), '\n'), 60);
  EXPECT_EQ(json::parse(found.output.substr(0, found.output.find('\n')))["rows"][0], 0);
  expect_error("recall - -", 2, "standard input can be read only once");
  expect_error("encode - -o " + out + " --bits 4", 3, "standard input: empty");
}

TEST_F(InAndOut, AnOutputsNameDecidesItsFormatOrIsRefused) {
  ASSERT_EQ(run_hdq("decode " + codes + " -o " + (directory / "y.npy")).exit_code, 0);
  const io::VectorReader expected(directory / "y.npy");
  for (const char* name : {"y.fvecs", "y.Fvecs", "y.safetensors", "z.safetensors:a b"}) {
    const std::string path = directory / name;
    ASSERT_EQ(run_hdq("decode " + codes + " -o '" + path + "'").exit_code, 0) << name;
    const io::VectorReader file(path);
    EXPECT_NE(file.format(), io::Format::npy);
    EXPECT_EQ(file.read_all(), expected.read_all()) << name;
  }
  for (const char* name : {"y.bin", "y", "y.bvecs", "y.ivecs", "y.npz", "y.hdq"}) {
    expect_error("decode " + codes + " -o " + (directory / name), 2, name);
    EXPECT_FALSE(std::filesystem::exists(directory / name));
  }
  expect_error("encode " + npy + " -o " + (directory / "y.fvecs") + " --bits 4", 2, "must end in .hdq");
  expect_error("encode nothing.npy -o y.npy --bits 4", 2, "must end in .hdq");  // before any work
  expect_error("search " + codes + " --queries " + npy + " -o " + (directory / "r.fvecs"), 2, "row numbers are written to .npy, .ivecs");
  expect_error("search " + codes + " --queries " + npy + " -o " + (directory / "r.npy") + " --scores " + (directory / "s.ivecs"), 2, "vectors are written to");
  expect_error("adversary --bits 2 --dim 4 -o " + (directory / "w.txt"), 2, "w.txt");
}

TEST_F(InAndOut, NoFileIsLostToItsName) {
  const std::string hard = directory / "hard.npy", symbolic = directory / "symbolic.npy", before = read_file(npy);
  ASSERT_EQ(::link(npy.c_str(), hard.c_str()), 0);
  ASSERT_EQ(::symlink(npy.c_str(), symbolic.c_str()), 0);
  for (const std::string& output : {npy, hard, symbolic, directory / "." + "/x.npy"}) {
    expect_error("search " + codes + " --queries " + npy + " -o " + output, 2, "replace the input");
    expect_error("search " + codes + " --queries " + npy + " -o - --scores " + output, 2, "replace the input");
  }
  const std::string st = as("x.safetensors");
  expect_error("search " + codes + " --queries " + st + ":vectors -o - --scores " + st, 2, "replace the input");
  expect_error("search " + codes + " --queries " + npy + " -o " + (directory / "r.npy") + " --scores " + (directory / "./r.npy"), 2, "two outputs of one name");
  EXPECT_FALSE(std::filesystem::exists(directory / "r.npy"));
  EXPECT_EQ(run_shell(std::string(HDQ_BINARY) + " decode - -o " + (directory / "x.hdq") + " < " + codes).exit_code, 2);
  const std::string copy = directory / "copy.npy";
  std::filesystem::copy_file(codes, copy);  // codes under a name that decode may write
  EXPECT_THAT(run_shell(std::string(HDQ_BINARY) + " decode - -o " + copy + " < " + copy).output, HasSubstr("replace the input"));
  EXPECT_TRUE(read_file(npy) == before);
  EXPECT_TRUE(read_file(codes) == reference);
}

TEST_F(InAndOut, NumbersAreAllOfTheTextAndWithinTheirType) {
  const std::string out = " -o " + (directory / "n.hdq");
  for (const char* number : {"18446744073709551616", "-1", "1e3", "+1", "0x10", "1.0", "''", "' 1'", "1_000", "99999999999999999999999999999"}) {
    expect_error("encode " + npy + out + " --bits 4 --seed " + number, 2, "--seed");
    expect_error("encode " + npy + out + " --bits 4 --first-row " + number, 2, "--first-row");
    expect_error("recall " + npy + " " + npy + " --queries " + number, 2, "--queries");
    expect_error("recall " + npy + " " + npy + " -k " + number, 2, "-k");
    expect_error("show " + codes + " --row " + number, 2, "--row");
    expect_error("check " + npy + " --bits 2 --rows " + number, 2, "--rows");
    expect_error("search " + codes + " --queries " + npy + " -o - -k " + number, 2, "-k");
    expect_error("search " + codes + " --queries " + npy + " -o - --rerank " + number, 2, "--rerank");
    expect_error("validate --random-seed " + std::string(number), 2, "--random-seed");
    expect_error("validate --row " + std::string(number), 2, "--row");
    expect_error("validate --seed " + std::string(number), 2, "--seed");
    expect_error("validate --variant " + std::string(number), 2, "--variant");
    expect_error("mse --preset flat --bits 2 --dim " + std::string(number), 2, "--dim");
  }
  for (const char* number : {"99999999999", "1025", "4294967296", "18446744073709551617"}) expect_error("encode " + npy + out + " --bits 4 --threads " + number, 2, "--threads");
  for (const char* number : {"nan", "inf", "1e300", "-1", "0", "1s", "0x1p3"}) {
    expect_error("validate --seconds " + std::string(number), 2, "--seconds");
    expect_error("validate --time-limit " + std::string(number), 2, "--time-limit");
  }
  expect_error("validate --variant 4294967296", 2, "--variant");
  expect_error("scalar --bits 4 --z 1 --digits 99999999999", 2, "--digits");
  expect_error("adversary --bits 4 --dim 4294967297", 2, "--dim");
  for (const char* number : {"18446744073709551615", "010"}) {
    ASSERT_EQ(run_hdq("encode " + npy + out + " --bits 4 --seed " + number).exit_code, 0);
    EXPECT_EQ(json::parse(run_hdq("info " + (directory / "n.hdq") + " --json").output)["seed"], std::stoull(number, nullptr, 10));
  }
}

TEST_F(InAndOut, MessagesStayOneShortLine) {
  for (const std::string& long_number : {std::string(5000, '9'), std::string(60000, 'x')}) {
    for (const std::string& command : {"encode " + npy + " -o " + codes + " --bits 4 --seed ", "encode " + npy + " -o " + codes + " --bits ", std::string("bounds --bits "),
                                       std::string("scalar --bits 4 --z 1 --digits "), "decode " + codes + " -o - --format ", std::string("--nonsense"), std::string("")}) {
      const auto result = run_hdq(command + long_number);
      EXPECT_EQ(result.exit_code, 2) << command;
      EXPECT_LT(result.output.size(), 500u) << command;
    }
  }
  expect_error("encode " + npy + " -o " + codes + " --bits 4 --seed \"$(printf '1\\n2')\"", 2, "1\\n2");
}

TEST_F(InAndOut, TextFromOutsideIsMadePrintable) {
  const std::string odd = directory / "a\xff\x1b[31m\nb.hdq", quoted = "'" + odd + "'";
  std::filesystem::copy_file(codes, odd);
  const auto info = run_hdq("info " + quoted + " --json");
  EXPECT_EQ(info.exit_code, 0) << info.output;
  EXPECT_THAT(json::parse(info.output)["file"].get<std::string>(), HasSubstr("a\\xff\\x1b[31m\\nb.hdq"));
  EXPECT_THAT(run_hdq("info " + quoted).output, AllOf(HasSubstr("a\\xff\\x1b[31m\\nb.hdq"), Not(HasSubstr("\x1b"))));
  expect_error("show " + quoted + " --row 60", 2, "a\\xff\\x1b[31m\\nb.hdq has 60 rows");
  expect_error("info '" + (directory / "absent\xc3\x28\n") + "'", 3, "absent\\xc3(\\n: cannot open");
  const std::string data = directory / "d\xfe.npy";
  std::filesystem::copy_file(npy, data);
  const auto check = run_hdq("check '" + data + "' --bits 2 --rows 2 --json");
  EXPECT_EQ(check.exit_code, 0) << check.output;
  EXPECT_THAT(json::parse(check.output)["input"].get<std::string>(), HasSubstr("d\\xfe.npy"));
  overwrite_file(directory / "c\xfe.json", "{}");
  const auto verified = run_hdq("verify-certificate '" + (directory / "c\xfe.json") + "' --json");
  EXPECT_THAT(verified.output, AllOf(HasSubstr("c\\xfe.json"), Not(HasSubstr("type_error"))));
}

TEST_F(InAndOut, WaitsForNobody) {
  const std::string fifo = directory / "fifo.npy", limited = "timeout 20 " + std::string(HDQ_BINARY) + " ";
  ASSERT_EQ(::mkfifo(fifo.c_str(), 0600), 0);
  for (const std::string& command : std::vector<std::string>{"encode " + fifo + " -o " + codes + " --bits 4", "check " + fifo + " --bits 4", "recall " + npy + " " + fifo, "decode " + fifo + " -o -",
                                     "info " + fifo, "show " + fifo + " --row 0", "search " + codes + " -o - --queries " + fifo, "search " + fifo + " -o - --queries " + npy,
                                     "search " + codes + " -o - --queries " + npy + " --original " + fifo, "search " + codes + " -o - --queries " + npy + " --ground-truth " + fifo,
                                     "verify-certificate " + fifo, "mse --bits 2 --vector " + fifo, "report -o " + (directory / "r") + " --input " + fifo,
                                     "verify-certificate /dev/zero", "check /dev/zero --bits 3", "info /dev/zero"}) {
    const auto result = run_shell(limited + command);
    EXPECT_EQ(result.exit_code, 3) << command << "\n" << result.output;
    EXPECT_THAT(result.output, HasSubstr("regular file")) << command;
  }
}

TEST_F(InAndOut, ALyingLengthTakesNoMemory) {
  const std::string limited = "(ulimit -v 1000000; " + std::string(HDQ_BINARY) + " ";
  std::string truth = io::npy_header(io::Element::int64, 60, 1 << 24);
  overwrite_file(directory / "truth.npy", truth);
  EXPECT_THAT(run_shell(limited + "search " + codes + " --queries " + npy + " -o - --ground-truth " + (directory / "truth.npy") + ")").output, HasSubstr("truncated"));
  overwrite_file(directory / "none.npy", io::npy_header(io::Element::float32, 0, 1 << 24));
  const auto none = run_shell(limited + "check " + (directory / "none.npy") + " --bits 8 --threads 1)");
  EXPECT_EQ(none.exit_code, 3);
  EXPECT_THAT(none.output, HasSubstr("none.npy: no rows"));
  EXPECT_THAT(run_shell("cat " + (directory / "truth.npy") + " | " + limited + "encode - -o " + codes + " --bits 4)").output, HasSubstr("truncated"));
  EXPECT_THAT(run_shell("cat " + (directory / "truth.npy") + " | " + limited + "search " + codes + " --queries - -o -)").output, HasSubstr("16777216 dimensions"));
  EXPECT_TRUE(read_file(codes) == reference);
}

TEST_F(InAndOut, AVerdictIsNeverLost) {
  const std::string file = directory / "file";
  overwrite_file(file, "");
  const auto bounds = run_hdq("bounds --bits 8 -o " + file + "/b");
  EXPECT_EQ(bounds.exit_code, 3);
  EXPECT_THAT(bounds.output, HasSubstr("cannot make this directory"));
  EXPECT_THAT(run_hdq("report -o " + file).output, HasSubstr("file: cannot make this directory"));
  const auto adversary = run_hdq("adversary --bits 8 --dim 2 -o " + (directory / "no/w.npy"));
  EXPECT_EQ(adversary.exit_code, 3);
  EXPECT_THAT(adversary.output, AllOf(HasSubstr("times 4^b"), HasSubstr("no/w.npy")));
  for (const char* command : {"info ", "show --row 1 "}) {
    const auto result = run_shell(std::string(HDQ_BINARY) + " " + command + codes + " > /dev/full");
    EXPECT_EQ(result.exit_code, 3) << result.output;
  }
  EXPECT_EQ(run_shell(std::string(HDQ_BINARY) + " decode " + codes + " -o - > /dev/full").exit_code, 3);
}

TEST_F(InAndOut, ScoresBeyondFloat32AreAnError) {
  std::vector<float> big(3 * 24, 1.0f);
  std::fill(big.begin() + 24, big.begin() + 48, 3e37f);
  const std::string rows = write_npy("big.npy", std::vector<float>(4 * 24, 2e36f), 24);
  ASSERT_EQ(run_hdq("encode " + rows + " -o " + (directory / "big.hdq") + " --bits 4").exit_code, 0);
  overwrite_file(directory / "found.npy", "old");
  expect_error("search " + (directory / "big.hdq") + " --queries " + write_npy("q.npy", big, 24) + " -k 2 -o " + (directory / "found.npy"), 3, "q.npy: row 1");
  EXPECT_EQ(read_file(directory / "found.npy"), "old");
}

TEST_F(InAndOut, ARowAsNearAsTheLastTrueOneCounts) {
  // Rows 0 to 4 are one vector, 5 to 9 another at right angles: of query 0's four equals any three are the three nearest.
  std::vector<float> same(10 * 8), other;
  for (std::size_t row = 0; row < 10; ++row) same[row * 8 + (row < 5 ? 0 : 1)] = 1;
  other = same;
  for (std::size_t row = 1; row < 5; ++row) other[row * 8] = static_cast<float>(row);  // prefers rows 4, 3, 2 to 1, 2, 3
  const std::string original = write_npy("same.npy", same, 8), decoded = write_npy("other.npy", other, 8);
  EXPECT_EQ(json::parse(run_hdq("recall " + original + " " + decoded + " -k 3 --queries 1 --json").output)["recall"], 1.0);
  for (std::size_t row = 5; row < 8; ++row) other[row * 8] = 9;  // and now rows that are far
  EXPECT_EQ(json::parse(run_hdq("recall " + original + " " + write_npy("far.npy", other, 8) + " -k 3 --queries 1 --json").output)["recall"], 0.0);

  // The same in search: truth says rows 5, 6; rows as near count where the vectors are given, and are misses where they are not.
  ASSERT_EQ(run_hdq("encode " + original + " -o " + (directory / "same.hdq") + " --bits 8").exit_code, 0);
  const std::string query = write_npy("query.npy", {0, 1, 0, 0, 0, 0, 0, 0}, 8);
  for (const char* name : {"t.ivecs", "t.npy"}) {
    const std::uint64_t rows[] = {8, 9};
    io::VectorWriter truth(directory / name, 1, 2, io::Content::row_numbers);
    truth.append(rows, 1);
    truth.commit();
    const std::string search = "search " + (directory / "same.hdq") + " --queries " + query + " -k 2 --json -o " + (directory / "n.ivecs") + " --ground-truth " + (directory / name);
    EXPECT_EQ(json::parse(run_hdq(search + " --original " + original).output)["recall_reranked"], 1.0);
    EXPECT_EQ(json::parse(run_hdq(search + " --original " + original + " --rerank 2").output)["recall_codes"], 1.0);
    EXPECT_LT(json::parse(run_hdq(search).output)["recall_codes"], 1.0);
  }
  const io::VectorReader written(directory / "n.ivecs");
  EXPECT_EQ(written.element(), io::Element::int32);
}

TEST_F(InAndOut, RecallStreams) {
  // Two files of 160 MB under a limit of less: queries and tiles alone are held.
  const std::size_t rows = 20000, n = 2000;
  std::vector<float> row(n);
  const std::string path = directory / "large.npy";
  io::VectorWriter writer(path, rows, n);
  for (std::size_t i = 0; i < rows; ++i) {
    for (std::size_t j = 0; j < n; ++j) row[j] = static_cast<float>((i * 7919 + j * 104729) % 1009);
    writer.append(row.data(), 1);
  }
  writer.commit();
  // Where the linear-programming library brings OpenBLAS, its threads wait for memory of their own, for ever, when the program ends.
  const auto result = run_shell("(ulimit -v 150000; OPENBLAS_NUM_THREADS=1 " + std::string(HDQ_BINARY) + " recall " +
                                path + " " + path + " -k 3 --queries 2 --threads 1)");
  EXPECT_EQ(result.exit_code, 0);
  EXPECT_THAT(result.output, HasSubstr("recall@3 = 1.0000 over 2 queries"));
}

TEST_F(InAndOut, RecallWithManyQueriesGoesByBlocks) {
  // Blocks of 64 queries: 2^17 numbers a row.
  const std::size_t n = std::size_t{1} << 17, rows = 260;
  std::vector<float> row(n);
  const std::string path = directory / "wide.npy";
  io::VectorWriter writer(path, rows, n);
  for (std::size_t i = 0; i < rows; ++i) {
    std::fill(row.begin(), row.end(), 0.0f);
    row[i % 130] = static_cast<float>(1 + i % 2);  // its one neighbour is row i ± 130
    writer.append(row.data(), 1);
  }
  writer.commit();
  const auto result = run_hdq("recall " + path + " " + path + " -k 1 --json");
  EXPECT_EQ(json::parse(result.output), json({{"k", 1}, {"queries", 260}, {"recall", 1.0}}));
}

class Centred : public hdq::testing::CommandLine {
 protected:
  // The stored embeddings, each number plus 0.3: far from the origin, as vectors that nobody centred are.
  void SetUp() override {
    const io::VectorReader file(HDQ_SOURCE_DIR "/data/minilm-fiori-778x384.npy");
    x = file.read_all();
    for (float& number : x) number += 0.3f;
    n = file.dimension();
    shifted = write_npy("shifted.npy", x, n);
  }
  double recall(const std::string& options, const std::string& query_options = "") {
    EXPECT_EQ(run_hdq("encode " + shifted + " -o " + (directory / "c.hdq") + " --bits 4 " + options).exit_code, 0);
    EXPECT_EQ(run_hdq("decode " + (directory / "c.hdq") + " -o " + (directory / "c.npy")).exit_code, 0);
    const auto result = run_hdq("recall " + shifted + " " + (directory / "c.npy") + " -k 10 --json " + query_options);
    return json::parse(result.output)["recall"];
  }
  double search_recall(const std::string& options) {
    const auto result = run_hdq("search " + (directory / "c.hdq") + " --queries " + shifted + " -k 10 --rerank 0 --json -o " + (directory / "n.npy") + " --scores " +
                                (directory / "s.npy") + " --original " + shifted + " " + options);
    EXPECT_EQ(result.exit_code, 0) << result.output;
    return json::parse(result.output)["recall_codes"];
  }
  std::vector<float> x;
  std::size_t n = 0;
  std::string shifted;
};

TEST_F(Centred, RecallOfRowsFarFromTheOrigin) {
  const double before = recall(""), after = recall("--center");
  RecordProperty("before", std::to_string(before)), RecordProperty("after", std::to_string(after));
  EXPECT_LT(before, 0.1);  // 0.046
  EXPECT_GT(after, 0.7);   // 0.787
  EXPECT_GT(search_recall("--metric ip"), 0.7);
  EXPECT_GT(search_recall("--metric l2"), 0.95);  // 0.963, as without the shift; 0.054 without --center
  EXPECT_EQ(json::parse(run_hdq("info " + (directory / "c.hdq") + " --json").output)["centred"], true);
  expect_error("search " + (directory / "c.hdq") + " --queries " + shifted + " -o - --metric cosine", 2, "centred");
}

TEST_F(Centred, ScoresAreThoseOfTheDecodedRows) {
  recall("--center");
  const std::vector<float> decoded = io::VectorReader(directory / "c.npy").read_all();
  for (const char* metric : {"ip", "l2"}) {
    search_recall(std::string("--metric ") + metric);
    const io::VectorReader lists(directory / "n.npy"), scores(directory / "s.npy");
    std::vector<std::int64_t> rows(10);
    std::vector<float> score(10);
    for (std::uint64_t query = 0; query < 50; ++query) {
      lists.read(query, 1, rows.data()), scores.read(query, 1, score.data());
      for (std::size_t i = 0; i < 10; ++i) {
        const auto row = static_cast<std::size_t>(rows[i]);
        double product = 0, distance = 0, scale = 0;
        for (std::size_t j = 0; j < n; ++j) {
          const double q = x[query * n + j], y = decoded[row * n + j], v = x[row * n + j];
          product += q * y, distance += (q - v) * (q - v), scale += std::abs(q * y);
        }
        if (*metric == 'i') ASSERT_NEAR(score[i], product, 1e-5 * scale);
        else ASSERT_NEAR(score[i], distance, 0.35) << query << " " << i;  // an unbiased estimate; the rows differ by about 1
      }
    }
  }
}

TEST_F(Centred, TheCenterIsTheMeanOrAGivenRow) {
  std::vector<double> sums(n);
  for (std::size_t i = 0; i < x.size(); ++i) sums[i % n] += static_cast<double>(x[i]);
  std::vector<float> mean;
  for (const double sum : sums) mean.push_back(static_cast<float>(sum / 778));
  const std::string given = write_npy("mean.npy", mean, n);
  ASSERT_EQ(run_hdq("encode " + shifted + " -o " + (directory / "a.hdq") + " --bits 4 --center").exit_code, 0);
  ASSERT_EQ(run_hdq("encode " + shifted + " -o " + (directory / "b.hdq") + " --bits 4 --center-at " + given).exit_code, 0);
  EXPECT_TRUE(read_file(directory / "a.hdq") == read_file(directory / "b.hdq"));
  const FileReader file(directory / "a.hdq");
  EXPECT_TRUE(std::equal(mean.begin(), mean.end(), file.mean().begin(), file.mean().end()));
  ASSERT_EQ(run_shell("cat " + shifted + " | " HDQ_BINARY " encode - -o " + (directory / "b.hdq") + " --bits 4 --center").exit_code, 0);
  EXPECT_TRUE(read_file(directory / "a.hdq") == read_file(directory / "b.hdq"));

  const std::string out = " -o " + (directory / "x.hdq") + " --bits 4";
  expect_error("encode " + shifted + out + " --center-at " + shifted, 3, "778 rows of 384; one row of 384 is needed");
  expect_error("encode " + shifted + out + " --center --center-at " + given, 2, "center");
  expect_error("encode " + write_npy("none.npy", {}, 4) + out + " --center", 3, "no rows");
  expect_error("encode " + write_npy("nan.npy", {1, 2, 3, NAN}, 2) + out + " --center", 3, "nan.npy: row 1, column 1: NaN");
  expect_error("encode " + write_npy("far.npy", {3e38f, 1}, 2) + out + " --center-at " + write_npy("at.npy", {-3e38f, 0}, 2), 3, "row 0, column 0: less the center, it is beyond float32");
}

TEST_F(InAndOut, NothingStaysBehindWhenInterrupted) {
  const std::string content = read_file(npy), output = directory / "slow.hdq";
  const std::size_t before = directory.entries();
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGKILL}) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      ::dup2(ends[0], STDIN_FILENO), ::close(ends[0]), ::close(ends[1]);
      ::execl(HDQ_BINARY, "hdq", "encode", "-", "-o", output.c_str(), "--bits", "4", nullptr);
      ::_exit(127);
    }
    ::close(ends[0]);
    ASSERT_GT(::write(ends[1], content.data(), content.size() - 100), 0);  // it waits for the rest
    ::usleep(300000);
    ::kill(child, signal);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ::close(ends[1]);
    EXPECT_TRUE(WIFSIGNALED(status)) << signal;
    EXPECT_EQ(directory.entries(), before) << signal;
  }
}

}  // namespace
}  // namespace hdq
