// Kernels behind a pipe: every way to go wrong is an outcome, the next call works; the ready clients and a kernel in numpy that is
// written from the documents pass.
#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <thread>

#include "run_command.hpp"
#include "temporary_directory.hpp"
#include "hdq/validate/subject/pipe_protocol.hpp"
#include "hdq/validate/subject/pipe_subject.hpp"

namespace {

using namespace hdq::validate;
using namespace std::chrono_literals;
using hdq::testing::TemporaryDirectory;

const std::string source = HDQ_SOURCE_DIR;
// Debian's Python, which has Debian's numpy.
const std::string python = std::filesystem::exists("/usr/bin/python3") ? "/usr/bin/python3" : "python3";

Request request(Operation operation, std::vector<std::uint64_t> outputs) {
  Request r;
  r.operation = operation;
  r.config = {12, 12, 1, 2, 1, 0};
  r.rows = 1;
  r.output_bytes = std::move(outputs);
  return r;
}

class Faults : public ::testing::Test {
 protected:
  TemporaryDirectory directory_;
  std::string pid_file_ = directory_ / "pid";
  PipeSubject subject_{{python, source + "/tests/kernels/pipe_faults.py", pid_file_}, 3000ms};

  void expect(Operation operation, std::vector<std::uint64_t> outputs, Outcome outcome, const std::string& detail) {
    const Reply reply = subject_.call(request(operation, std::move(outputs)));
    EXPECT_EQ(outcome_name(reply.outcome), std::string(outcome_name(outcome))) << reply.detail;
    EXPECT_NE(reply.detail.find(detail), std::string::npos) << reply.detail;
    expect_alive();
  }
  // The kernel answers, started anew if need be.
  void expect_alive() {
    const std::vector<std::uint8_t> bytes = {1, 2, 3};
    Request r = request(Operation::pack, {3});
    r.inputs = {bytes};
    const Reply reply = subject_.call(r);
    ASSERT_TRUE(reply.ok()) << reply.detail;
    EXPECT_EQ(reply.outputs.at(0), bytes);
  }
};

TEST_F(Faults, Info) {
  EXPECT_EQ(subject_.info().name, "faults");
  EXPECT_EQ(subject_.info().version, "1");  // of the protocol, as hdq sent it
  EXPECT_EQ(subject_.info().promise, Promise::own_scheme);
  EXPECT_EQ(subject_.info().bit_widths, 0b1100u);
  EXPECT_EQ(subject_.info().variants, 2u);
  EXPECT_EQ(subject_.info().max_dimension, 77u);
  EXPECT_EQ(subject_.info().claimed_error[3], 0.5);
  EXPECT_TRUE(subject_.info().offers(Operation::transform_transposed));
  EXPECT_FALSE(subject_.info().offers(Operation::dot));
  EXPECT_EQ(subject_.command_line().substr(0, 3), "-- ");
}

// Without a PID namespace, where the child's number is the one that it has here.
class FaultsWithoutNamespace : public Faults {
 protected:
  FaultsWithoutNamespace() {
    ::setenv("HDQ_NO_PID_NAMESPACE", "1", 1);
    subject_.restart();
    subject_.call(request(Operation::decode, {48}));
    ::unsetenv("HDQ_NO_PID_NAMESPACE");
  }
};

TEST_F(FaultsWithoutNamespace, HangEndsWithItsChildren) {
  expect(Operation::signs, {12}, Outcome::hung, "time limit");
  const pid_t child = static_cast<pid_t>(std::stol(hdq::testing::read_file(pid_file_)));
  bool gone = false;
  for (int i = 0; i < 200 && !gone; ++i) {
    // Gone, or a zombie that nobody has collected yet.
    const std::string stat = hdq::testing::read_file("/proc/" + std::to_string(child) + "/stat");
    gone = stat.empty() || stat.find(") Z") != std::string::npos;
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_TRUE(gone) << "process " << child << " outlives the kernel";
}

TEST_F(Faults, Crashes) {
  expect(Operation::dither, {4}, Outcome::crashed, "exited with status 1: RuntimeError: the kernel says why");
  expect(Operation::thresholds, {24}, Outcome::crashed, "Segmentation fault");
  expect(Operation::load, {4, 3}, Outcome::crashed, "exited with status 0");
}

TEST_F(Faults, Protocol) {
  expect(Operation::codewords, {32}, Outcome::protocol_error, "31 bytes of output, not 32");
  expect(Operation::transform, {48}, Outcome::protocol_error, "\"computing the transform");
  expect(Operation::transform_transposed, {48}, Outcome::protocol_error, "9223372036854775808 bytes");
  expect(Operation::unpack, {12}, Outcome::protocol_error, "status 9");
}

TEST_F(Faults, Statuses) {
  const Reply bad = subject_.call(request(Operation::encode, {4, 3}));
  EXPECT_EQ(bad.outcome, Outcome::bad_input);
  EXPECT_EQ(bad.row, 2u);
  EXPECT_EQ(bad.column, UINT64_MAX);
  expect(Operation::decode, {48}, Outcome::unsupported, "not today");
  const Reply saved = subject_.call(request(Operation::save, {100}));
  ASSERT_TRUE(saved.ok()) << saved.detail;
  EXPECT_EQ(saved.size, 4u);
  EXPECT_EQ(saved.outputs.at(0).size(), 100u);
  EXPECT_EQ(std::string(saved.outputs[0].begin(), saved.outputs[0].begin() + 4), "file");
}

TEST_F(Faults, LargeMessagesInBothDirectionsAtOnce) {
  std::vector<std::uint8_t> bytes(std::size_t{8} << 20);
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::uint8_t>(i * 2654435761u >> 24);
  Request r = request(Operation::pack, {bytes.size()});
  r.inputs = {bytes};
  const Reply reply = subject_.call(r);
  ASSERT_TRUE(reply.ok()) << reply.detail;
  EXPECT_TRUE(reply.outputs.at(0) == bytes);
}

std::string refusal(std::vector<std::string> command) {
  try {
    const PipeSubject subject(std::move(command), 5000ms);
  } catch (const NoSubject& error) {
    return error.what();
  }
  return "accepted";
}

TEST(PipeSubject, NotASubject) {
  EXPECT_NE(refusal({"/nonexistent/program"}).find("No such file"), std::string::npos);
  EXPECT_NE(refusal({"true"}).find("exited with status 0"), std::string::npos);
  EXPECT_NE(refusal({"sh", "-c", "echo lacks a library >&2; exit 3"}).find("exited with status 3: lacks a library"), std::string::npos);
  EXPECT_NE(refusal({"yes"}).find("not with HDQREPLY"), std::string::npos);
  EXPECT_NE(refusal({python, "-c", R"(import sys, struct
b = b'{"name": "x", "promise": "conformant", "operations": ["fly"]}'
sys.stdin.buffer.read(1)  # an answer to no call is another fault
sys.stdout.buffer.write(b'HDQREPLY' + struct.pack('<4Q', 0, 0, 0, len(b)) + b))"})
                .find("no operation fly"),
            std::string::npos);
}

std::string refusal_of_info(const std::string& fields) {
  try {
    parse_subject_info(R"({"name": "x", "promise": "conformant", "operations": ["encode"], )" + fields + "}");
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "accepted";
}

// Each of these was taken: as another number, as a shift by more bits than there are, or as so many calls.
TEST(PipeProtocol, RefusesNumbersOutOfRange) {
  for (const char* value : {"4294967295", "65", "0", "-1", "1.5", "1e300", "\"2\""})
    EXPECT_NE(refusal_of_info(std::string("\"variants\": ") + value).find("\"variants\""), std::string::npos) << value;
  for (const char* value : {"[1e300]", "[0]", "[9]", "[-1]", "[18446744073709551617]", "3"})
    EXPECT_NE(refusal_of_info(std::string("\"bits\": ") + value).find("\"bits\""), std::string::npos) << value;
  for (const char* value : {"-1", "0", "1.5", "null"})
    EXPECT_NE(refusal_of_info(std::string("\"max_dimension\": ") + value).find("\"max_dimension\""), std::string::npos) << value;
  for (const char* value : {R"({"9": 1})", R"({"-1": 1})", R"({"2": "1"})", "[1]"})
    EXPECT_NE(refusal_of_info(std::string("\"claimed_error\": ") + value).find("\"claimed_error\""), std::string::npos) << value;
  for (const char* value : {"[]", "[\"fixed\"]", "\"fixed-rate\"", "[1]"})
    EXPECT_NE(refusal_of_info(std::string("\"schemes\": ") + value).find("\"schemes\""), std::string::npos) << value;
  for (const char* value : {"[]", "[17]", "[0]", "[1e-4]", "[1e300]", "[\"1\"]", "1"})
    EXPECT_NE(refusal_of_info(std::string("\"steps\": ") + value).find("steps"), std::string::npos) << value;
  EXPECT_EQ(refusal_of_info(R"("variants": 64, "bits": [1, 8], "max_dimension": 1, "claimed_error": {"8": 1})"), "accepted");
  EXPECT_EQ(refusal_of_info(R"("schemes": ["entropy-coded", "fixed-rate"], "steps": [16, 0.0009765625])"), "accepted");
}

TEST(PipeProtocol, MakesNamesPrintable) {
  const SubjectInfo info = parse_subject_info(R"({"name": "a\u001b[2J\nb", "version": "\u202e", "promise": "conformant", "operations": ["encode"]})");
  EXPECT_EQ(info.name, R"(a\x1b[2J\nb)");
  EXPECT_EQ(info.version.find('\xE2'), std::string::npos) << info.version;
}

TEST(PipeSubject, CommandLineCanBePasted) {
  const TemporaryDirectory directory;
  const std::string script = R"(import sys, struct
b = b'{"name": "it\'s", "promise": "conformant", "operations": ["pack"]}'
sys.stdout.buffer.write(b'HDQREPLY' + struct.pack('<4Q', 0, 0, 0, len(b)) + b))";
  const PipeSubject subject({python, "-c", script}, 5000ms);
  const std::string line = subject.command_line();
  EXPECT_EQ(line.find('\n'), std::string::npos) << line;
  hdq::testing::overwrite_file(directory / "again", "printf '%s' " + line.substr(3 + python.size() + 4));
  EXPECT_EQ(hdq::testing::run_shell("bash '" + (directory / "again") + "'").output, script) << line;
}

// ---- the clients in examples/, and the kernel written from the documents ----

std::size_t lines(const std::string& path) {
  const std::string text = hdq::testing::read_file(path);
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

TEST(Clients, AreShort) {
  for (const std::string name : {"kernel.py", "kernel.c"}) {
    const std::size_t count = lines(source + "/examples/" + name);
    EXPECT_GT(count, 10u) << name;
    EXPECT_LE(count, 60u) << name;
  }
}

void expect_valid(const std::string& command) {
  // What takes longest with a program that starts slowly says nothing of pipes.
  const auto result = hdq::testing::run_hdq("validate --level quick --skip audit,drift,variants,repeat -- " + command);
  EXPECT_EQ(result.exit_code, 0) << result.output;
}

TEST(Clients, Python) { expect_valid(python + " " + source + "/examples/kernel.py"); }

TEST(Clients, C) {
  const TemporaryDirectory directory;
  ASSERT_EQ(std::system(("cc -std=c11 -Wall -Wextra -Werror -O2 -o " + (directory / "kernel") + " " + source + "/examples/kernel.c").c_str()), 0);
  expect_valid(directory / "kernel");
}

TEST(Clients, NumpyKernelWrittenFromTheDocuments) {
  ASSERT_EQ(std::system((python + " -c 'import numpy'").c_str()), 0) << "install python3-numpy";
  expect_valid(python + " " + source + "/tests/kernels/numpy_kernel.py");
}

TEST(Clients, NumpyKernelOfTheEntropyCodedScheme) {
  expect_valid(python + " " + source + "/tests/kernels/numpy_entropy_coded.py");
}

// The numpy kernel with a part replaced.
std::string mutated_kernel(const TemporaryDirectory& directory, const std::string& right, const std::string& wrong) {
  std::string text = hdq::testing::read_file(source + "/tests/kernels/numpy_kernel.py");
  const std::string here = "os.path.join(os.path.dirname(os.path.abspath(__file__)), \"..\", \"..\", \"examples\")";
  for (const auto& [from, to] : {std::pair{here, "\"" + source + "/examples\""}, {right, wrong}}) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    if (at != std::string::npos) text.replace(at, from.size(), to);
  }
  hdq::testing::overwrite_file(directory / "kernel.py", text);
  return python + " " + (directory / "kernel.py");
}

// A wrong kernel behind a pipe is found out: signs applied after H.
TEST(Clients, WrongKernelIsFound) {
  const TemporaryDirectory directory;
  const std::string subject = mutated_kernel(directory, "return hadamard(padded(x, call) * sign_vector(call.seed, call.d))",
                                            "return hadamard(padded(x, call)) * sign_vector(call.seed, call.d)");
  const auto result = hdq::testing::run_hdq("validate --level quick --only signs,transform,encode -- " + subject);
  EXPECT_EQ(result.exit_code, 1) << result.output;
  EXPECT_NE(result.output.find("signs-after-h-or-none"), std::string::npos) << result.output;
}

// The released vectors, put to a kernel by a program that knows nothing else of hdq. The exit status.
int answer_vectors(const std::string& subject) {
  const std::string command = python + " " + source + "/tests/vectors/vectors_through_pipe.py " + source + "/vectors/data " + subject;
  return std::system(command.c_str());
}

TEST(Clients, NumpyKernelAnswersTheReleasedVectors) { EXPECT_EQ(answer_vectors(python + " " + source + "/tests/kernels/numpy_kernel.py"), 0); }

TEST(Clients, ReleasedVectorsNoticeFaults) {
  const TemporaryDirectory directory;
  for (const auto& [right, wrong] : {std::pair<std::string, std::string>
           // thresholds off by 10^-6 in the encoder alone
           {"(theta * np.float64", "((theta + 1e-6) * np.float64"},
           // the dither of the decoder off by 2^-12
           {"codebook(call.bits, word)[1][unpack", "codebook(call.bits, word ^ 1 << 20)[1][unpack"},
           // 1/d of the wrong d
           {"rotated @ z", "rotated[:call.n] @ z[:call.n]"},
           // a norm in half precision
           {"return np.float32(math.sqrt(lanes[0]))", "return np.float32(np.float16(math.sqrt(lanes[0])))"}}) {
    EXPECT_NE(answer_vectors(mutated_kernel(directory, right, wrong)), 0) << wrong;
  }
}

}  // namespace
