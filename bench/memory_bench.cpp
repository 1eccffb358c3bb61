// Peak resident memory of `hdq encode`, which must not grow with the file.
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <thread>
#include <vector>

#include "data.hpp"
#include "figure.hpp"
#include "hdq/io/vector_writer.hpp"
#include "hdq_command.hpp"

extern char** environ;

namespace hdq::bench {
namespace {

// A directory for the file and its codes, gone with the trial.
struct Directory {
  std::string path = (std::filesystem::temp_directory_path() / "hdq-bench-XXXXXX").string();
  Directory() {
    if (::mkdtemp(path.data()) == nullptr) throw std::runtime_error("no temporary directory");
  }
  ~Directory() { std::filesystem::remove_all(path); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;
};

constexpr std::size_t dimension = 1024;

void write_npy(const std::string& path, std::size_t rows) {
  const std::vector<float> block = structured_rows(1024, dimension);
  io::VectorWriter out(path, rows, dimension);
  for (std::size_t row = 0; row < rows; row += 1024) out.append(block.data(), std::min<std::size_t>(1024, rows - row));
  out.commit();
}

// The kernel's own high-water mark of a process, 0 once it has ended. (What wait4 reports includes the moment before exec, when the
// child still is this program.)
double high_water_bytes(pid_t process) {
  std::ifstream in("/proc/" + std::to_string(process) + "/status");
  for (std::string line; std::getline(in, line);)
    if (line.starts_with("VmHWM:")) return std::stod(line.substr(6)) * 1024;
  return 0;
}

pid_t start(std::vector<std::string> arguments) {
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t child = 0;
  const int failed = ::posix_spawn(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw std::runtime_error("cannot run " + arguments[0]);
  return child;
}

// The mark only rises: the last reading before the end misses at most a millisecond.
double peak_bytes_of(const std::vector<std::string>& arguments) {
  const pid_t child = start(arguments);
  double peak = 0;
  int status = 0;
  while (::waitpid(child, &status, WNOHANG) == 0) {
    peak = std::max(peak, high_water_bytes(child));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  if (status != 0) throw std::runtime_error(arguments[0] + " failed");
  return peak;
}

Trial encode_peak(std::size_t megabytes) {
  auto directory = std::make_shared<Directory>();
  const auto peak = [=](std::size_t size) {
    const std::string in = directory->path + "/" + std::to_string(size) + ".npy", out = directory->path + "/codes.hdq";
    if (!std::filesystem::exists(in)) write_npy(in, (size << 20) / (dimension * sizeof(float)));
    return peak_bytes_of({hdq_command(), "encode", in, "--bits", "4", "-o", out});
  };
  auto measured = std::make_shared<double>();
  Trial trial;
  trial.amount = 1;
  trial.pass = [=] { return seconds_of_threads([&] { *measured = peak(megabytes); }); };
  trial.reading = [=] { return *measured / 0x1p20; };
  trial.bound = [=] { return peak(megabytes / 8) / 0x1p20; };
  return trial;
}

}  // namespace

void add_memory(const Settings& settings) {
  if (!std::filesystem::exists(hdq_command())) return;
  add(settings, {"memory/encode/512-MiB-file", Unit::mebibytes, "64-MiB file", Target{Target::ratio, 1.05}, {}, true,
                 [] { return encode_peak(512); }});
}

}  // namespace hdq::bench
