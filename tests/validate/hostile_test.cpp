// Kernels that fight back: plug-ins and programs that hang, crash, leave processes behind, write to what is not theirs, flood, forge and
// lie. Whatever they do, hdq validate ends in time, with a documented status, prints nothing of theirs but on a line of its own, leaves
// no process behind, and calls nothing valid that gave a wrong answer.
//
// HDQ_HOSTILE_FULL=1 runs every case with and without a PID namespace; otherwise the second is for those that start or signal processes.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "run_command.hpp"
#include "temporary_directory.hpp"
#include "hdq/io/text.hpp"

namespace hdq {
namespace {

using testing::TemporaryDirectory;

struct Case {
  const char* name;
  std::vector<int> status;       // which are right. 0 is for kernels whose answers are right, whatever else they do
  const char* says;              // in the report, or null
  double time_limit = 10;
  bool processes = false;        // starts or signals processes
  const char* options = "--only pack";
};

constexpr double soon = 0.4;
constexpr const char* no_kernel = "hdq: ";

// Of hdq_hostile.c.
const Case plugins[] = {
    {"load_hang", {2}, "hangs while loading", 10, false, "--only pack --start-limit 0.4"},
    {"load_exit", {2}, "exited with status 0"},
    {"load_abort", {2}, "SIGABRT"},
    {"load_daemon", {0}, nullptr, 10, true},
    {"load_forge", {0}, nullptr},
    {"load_at_exit", {0}, nullptr},
    {"load_close", {2}, "crashes while loading"},
    {"load_write", {2}, "descriptor that is not its own"},
    {"say_wrong_name", {1}, R"(kernel: x\x1b[2J\x1b[1;1H\nvalid: 22 checks)"},
    {"say_wrong_plain_name", {1}, "kernel: valid: 22 checks"},
    {"say_wrong_c1_name", {1}, R"(x\xc2\x9b2J\xe2\x80\xa8valid: 22 checks\xff)"},
    {"say_name", {0}, R"(x\x1b[2J)"},
    {"say_long_name", {0}, "AAAA"},
    {"say_endless_name", {0, 2}, nullptr},  // runs into the version, or off the end of the file
    {"say_bidi_version", {0}, R"(\xe2\x80\xae)"},
    {"say_no_name", {0}, "unnamed"},
    {"say_wild_name", {2}, "crashes while loading: SIGSEGV"},
    {"say_alignment_huge", {2}, "alignment is 2147483648, no power of two up to 4096"},
    {"say_alignment_3", {2}, "alignment is 3, no power of two"},
    {"say_variants_65", {2}, "variants is 65; at most 64 are compared"},
    {"say_variants_64", {0}, nullptr},
    {"say_claim_nan", {2}, "claimed_error[3] is no number >= 0"},
    {"say_claim_negative", {2}, "claimed_error[1] is no number >= 0"},
    {"say_bits_21", {2}, "bit_widths are none of 1 to 8"},
    {"say_promise_9", {2}, "promise is 9"},
    {"say_size", {2}, "1073741824 bytes"},
    {"version_1", {0}, nullptr},
    {"version_2", {0}, nullptr},
    {"say_version_2_of_3", {2}, "says version 2"},
    {"say_schemes_4", {2}, "schemes are none of fixed-rate, entropy-coded"},
    {"say_steps_missing", {2}, "step_count is 3"},
    {"say_steps_65", {2}, "step_count is 65"},
    {"say_step_17", {2}, "steps are not all from 2^-10 to 16"},
    {"say_nothing", {2}, "operations: none is offered"},
    {"hang", {3}, "hang", soon},
    {"hang_deaf", {3}, "hang", soon},
    {"stop_itself", {3}, "hang", soon},
    {"close_all_and_live", {3}, "closed a descriptor that is not its own", soon},
    {"exec_another", {3}, "crash", soon},
    {"exit_zero", {3}, "the process exited with status 0"},
    {"exit_forging", {3}, R"(its last line: valid: 22 checks\x1b[2J)"},
    {"abort_forging", {3}, "SIGABRT"},
    {"stack_overflow", {3}, "SIGSEGV"},
    {"long_jump", {3}, "crash"},
    {"handle_faults", {3}, "hang", soon},
    {"eat_memory", {3}, "of memory in use", 10, false, "--only pack --memory-limit 0.125"},
    {"no_time", {3}, "crash"},
    {"alarm", {3}, "Alarm clock"},
    {"daemon", {0}, nullptr, 10, true},
    {"daemon_forging", {0}, nullptr, 10, true},
    {"many_children", {0}, nullptr, 10, true},
    {"kill_parent", {0, 3}, nullptr, 10, true},  // in a namespace its parent is the init, which it cannot kill
    {"stop_parent", {0}, nullptr, 10, true},
    {"close_all_and_return", {3}, "crash"},
    {"write_everywhere", {3}, "descriptor that is not its own"},
    {"open_all", {0}, nullptr},
    {"limits", {0}, nullptr},
    {"flood_once", {0}, nullptr},
    {"flood_for_ever", {0}, nullptr, 20},
    {"burn", {0}, nullptr, 20},
    {"exit_in_thread", {3}, "crash"},
    {"trace_me", {0}, nullptr},
    {"own_proc", {0}, nullptr},  // what CUDA needs to start
    {"terminal", {0}, nullptr},
    {"delete_itself", {3}, "does not start again", 10, false, "--only pack,repeat"},
    {"scribble", {1, 3}, nullptr, 2},
    {"write_config", {3}, "wrote at byte 16 of its configuration"},
    {"write_input", {3}, "wrote at byte 0 of input 0"},
    {"write_before", {3}, nullptr},
    {"write_late", {3}, "use-after-return"},
    {"unprotect", {0}, nullptr},  // makes an input writable, and does not write
    {"status_lies", {1}, "says failed"},
    {"bad_input_lies", {1}, "says bad input"},
    {"code_bytes_huge", {1}, "code_bytes is", 10, false, "--only repeat"},
    {"code_bytes_large", {1}, "more than 1073676288 bytes", 10, false, "--only repeat"},
    {"save_huge", {1}, "save says 18446744073709551608 bytes", 10, false, "--only file"},
};

// Of hostile.py.
const Case programs[] = {
    {"start_silent", {2}, "time limit", 10, false, "--only pack --start-limit 0.4"},
    {"start_exit", {2}, "exited with status 0"},
    {"start_greeting", {2}, "not with HDQREPLY"},
    {"start_forging", {2}, nullptr},
    {"start_bad_json", {2}, "no JSON object"},
    {"start_deep_json", {2}, "no JSON object"},
    {"start_no_utf8", {2}, "no JSON object"},
    {"start_numbers", {2}, nullptr},
    {"start_unknown_operation", {2}, R"(no operation a\nvalid: 22 checks\x1b[2J)"},
    {"start_large", {2}, "2097152 bytes"},
    {"start_refuses", {2}, nullptr},
    {"start_drip", {2}, "time limit", 10, false, "--only pack --start-limit 0.4"},
    {"wrong_name", {1}, R"(kernel: x\x1b[2J\x1b[1;1H\nvalid: 22 checks)"},
    {"wrong_plain_name", {1}, "kernel: valid: 22 checks"},
    {"name", {0}, R"(x\x1b[2J)"},
    {"long_name", {0}, "AAAA"},
    {"many_operations", {0}, nullptr},
    {"code_bytes_huge", {1}, "code_bytes is", 10, false, "--only repeat"},
    {"hang", {3}, "hang", soon},
    {"hang_in_session", {3}, "hang", soon, true},
    {"drip", {3}, "hang", soon},
    {"header_only", {3}, "hang", soon},
    {"half_answer", {3}, "exited with status 0"},
    {"longer", {3}, "bytes"},
    {"shorter", {3}, "0 bytes of output"},
    {"huge", {3}, "9223372036854775808 bytes"},
    {"more_than_asked", {3}, "HDQREPLY"},
    {"twice", {3}, "answers before it is asked"},
    {"never_reads_inputs", {1, 3}, nullptr, 2},
    {"close_output", {3}, "closed its output", 3},
    {"close_input", {3}, "hang", soon},
    {"close_errors", {0}, nullptr},
    {"exit", {3}, "exited with status 0"},
    {"kill_itself", {3}, "Killed"},
    {"stop_itself", {3}, "hang", soon},
    {"flood_errors_once", {0}, nullptr},
    {"flood_errors_for_ever", {0}, nullptr, 20, true},
    {"flood_output", {3}, "not with HDQREPLY"},
    {"exit_forging", {3}, R"(exited with status 3: valid: 22 checks\x1b[2J)"},
    {"daemon", {0}, nullptr, 10, true},
    {"daemon_forging", {0}, nullptr, 10, true},
    {"child_holds_output", {3}, "hang", soon, true},
    {"served_by_a_child", {0}, nullptr, 10, true},
    {"many_children", {0}, nullptr, 10, true},
    {"child_reads_too", {3}, nullptr, 1, true},
    {"kill_parent", {0, 3}, nullptr, 10, true},
    {"stop_parent", {0}, nullptr, 10, true},
    {"exec_another", {3}, "hang", soon},
    {"eat_memory", {3}, "of memory in use", 10, false, "--only pack --memory-limit 0.25"},
    {"limits", {0}, nullptr},
    {"nonblocking", {0, 3}, nullptr},  // its own long answers then fail
    {"restart_silent", {3}, "does not start again", 10, false, "--only pack,repeat --start-limit 3"},
    {"another_after_restart", {3}, "says other things of itself", 10, false, "--only pack,repeat"},
    {"delete_itself", {3}, "exited with status 2", 10, false, "--only pack,repeat"},
    {"ignores_end", {0}, nullptr, 10, true},
    {"slow", {3}, "the time of the check (--check-limit) is up", 10, false, "--only pack --check-limit 1"},
    {"status_9", {3}, "status 9"},
    {"bad_input", {1}, "says bad input"},
    {"message_forging", {1}, "says failed"},
    {"message_long", {3}, "5000 bytes"},
    {"magic", {3}, "not with HDQREPLY"},
};
static_assert(std::size(plugins) >= 40 && std::size(programs) >= 40);

constexpr double slack = 20;  // seconds beside what the options allow: the machine may be busy

// Processes that carry the mark in their environment, and live.
std::vector<pid_t> marked(const std::string& mark) {
  std::vector<pid_t> found;
  std::error_code gone;
  for (std::filesystem::directory_iterator entry("/proc", gone), end; !gone && entry != end; entry.increment(gone)) {
    const std::string id = entry->path().filename().string();
    if (id.find_first_not_of("0123456789") != std::string::npos) continue;
    if (testing::read_file("/proc/" + id + "/environ").find(mark) == std::string::npos) continue;
    if (testing::read_file("/proc/" + id + "/stat").find(") Z") == std::string::npos) found.push_back(std::stoi(id));
  }
  return found;
}

// What is wrong with how hdq validate dealt with it; empty if nothing.
std::string trouble_with(const Case& c, bool plugin, bool namespaces, int number) {
  const TemporaryDirectory directory;
  const std::string kernels = HDQ_KERNEL_DIRECTORY, mark = "HDQ_HOSTILE_MARK=" + std::to_string(::getpid()) + "." + std::to_string(number) + ".";
  std::string file = directory / (plugin ? "kernel.so" : "kernel.py");
  std::filesystem::copy_file(plugin ? kernels + "/hdq-kernel-hostile.so" : std::string(HDQ_SOURCE_DIR) + "/tests/kernels/hostile/hostile.py", file);
  const bool marker_file = std::string(c.name) == "restart_silent";
  std::ostringstream line;
  line << "env " << mark << " HDQ_HOSTILE=" << c.name << " HDQ_HOSTILE_FILE=" << (marker_file ? directory / "started" : file)
       << " HDQ_NO_PID_NAMESPACE=" << (namespaces ? "" : "1") << " '" << HDQ_BINARY << "' validate --level quick -o " << (directory / "") << " " << c.options
       << " --time-limit " << c.time_limit << " " << (plugin ? file : "-- python3 -S -E " + file);
  const auto start = std::chrono::steady_clock::now();
  const testing::CommandResult result = testing::run_shell(line.str());
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const std::vector<pid_t> survivors = marked(mark);
  for (const pid_t id : survivors) ::kill(id, SIGKILL);

  std::ostringstream what;
  if (std::find(c.status.begin(), c.status.end(), result.exit_code) == c.status.end()) what << "exit status " << result.exit_code << "; ";
  if (seconds > 3 + c.time_limit + slack) what << seconds << " s; ";
  if (!survivors.empty()) what << survivors.size() << " processes survive; ";
  if (c.says != nullptr && result.output.find(c.says) == std::string::npos) what << "does not say \"" << c.says << "\"; ";
  std::size_t verdicts = 0;
  std::istringstream lines(result.output);
  for (std::string text; std::getline(lines, text);) {
    verdicts += text.rfind("valid:", 0) == 0;
    if (io::printable(text) != text) what << "a line that is not printable; ";
  }
  if (verdicts != (result.exit_code == 0 ? 1u : 0u)) what << verdicts << " lines begin with valid:; ";
  if (result.exit_code == 2 && result.output.rfind(no_kernel, 0) != 0) what << "the error does not begin with hdq:; ";
  if (what.str().empty()) return "";
  return std::string(plugin ? "plug-in " : "program ") + c.name + (namespaces ? "" : ", without a namespace") + ": " + what.str() + "\n" + result.output + "\n";
}

void run_all(const Case* cases, std::size_t count, bool plugin) {
  struct Run {
    const Case* c;
    bool namespaces;
  };
  const bool full = std::getenv("HDQ_HOSTILE_FULL") != nullptr;
  const char* only = std::getenv("HDQ_HOSTILE_ONLY");
  std::vector<Run> runs;
  for (const Case* c = cases; c != cases + count; ++c) {
    if (only != nullptr && std::string(only) != c->name) continue;
    runs.push_back({c, true});
    if (full || c->processes) runs.push_back({c, false});
  }
  std::atomic<std::size_t> next{0};
  std::mutex mutex;
  std::string troubles;
  std::vector<std::thread> workers;
  for (int i = 0; i < 4; ++i) {
    workers.emplace_back([&] {
      for (std::size_t k; (k = next++) < runs.size();) {
        const std::string trouble = trouble_with(*runs[k].c, plugin, runs[k].namespaces, static_cast<int>(k));
        const std::lock_guard lock(mutex);
        troubles += trouble;
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  EXPECT_EQ(troubles, "");
}

TEST(Hostile, Plugins) { run_all(plugins, std::size(plugins), true); }
TEST(Hostile, Programs) { run_all(programs, std::size(programs), false); }

}  // namespace
}  // namespace hdq
