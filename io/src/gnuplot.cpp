#include "hdq/io/gnuplot.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>

extern char** environ;

namespace hdq::io {

const char* const plot_style = R"(
set minussign
set border 3 lc rgb '#444444' lw 0.8
set tics nomirror out scale 0.6 textcolor rgb '#222222'
set grid back lc rgb '#dddddd' lw 0.5 dt solid
set key samplen 2 spacing 1.15
set linetype 1 lc rgb '#0072b2' lw 1.6 pt 7 ps 0.5
set linetype 2 lc rgb '#d55e00' lw 1.6 pt 9 ps 0.6
set linetype 3 lc rgb '#009e73' lw 1.6 pt 5 ps 0.5
set linetype 4 lc rgb '#cc79a7' lw 1.6 pt 13 ps 0.7
set linetype 5 lc rgb '#e69f00' lw 1.6 pt 11 ps 0.6
set linetype 6 lc rgb '#56b4e9' lw 1.6 pt 6 ps 0.5
set linetype 9 lc rgb '#444444' lw 1.0 dt (6,4)
)";

std::string data_block(const std::string& name, const std::vector<std::vector<double>>& rows) {
  std::string text = "$" + name + " << EOD\n";
  for (const std::vector<double>& row : rows) {
    for (const double value : row) text += std::isfinite(value) ? fmt::format("{:.17g} ", value) : "NaN ";
    text += '\n';
  }
  return text + "EOD\n";
}

namespace {

// A private file that is gone with its scope.
class ScratchFile {
 public:
  ScratchFile() {
    path_ = (std::filesystem::temp_directory_path() / "hdq-plot-XXXXXX").string();
    const int descriptor = ::mkstemp(path_.data());
    if (descriptor < 0) throw PlotError("no temporary file for gnuplot");
    ::close(descriptor);
  }
  ~ScratchFile() { ::unlink(path_.c_str()); }
  ScratchFile(const ScratchFile&) = delete;
  ScratchFile& operator=(const ScratchFile&) = delete;
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

std::string plot_svg(const std::string& script, int width, int height) {
  const ScratchFile input, output, errors;
  std::ofstream(input.path()) << fmt::format(
      "set encoding utf8\nset terminal svg size {},{} font 'Helvetica,13' background 'white' enhanced\nset output '{}'\n",
      width, height, output.path())
                              << plot_style << script << "\nset output\n";
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, errors.path().c_str(), O_WRONLY | O_TRUNC, 0600);
  std::string program = "gnuplot", path = input.path();
  const std::array<char*, 3> arguments = {program.data(), path.data(), nullptr};
  pid_t child = 0;
  const int failed = ::posix_spawnp(&child, "gnuplot", &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failed != 0) throw PlotError("gnuplot is not installed (Debian package gnuplot-nox)");
  int status = 0;
  ::waitpid(child, &status, 0);
  std::string svg = contents(output.path());
  if (status != 0 || svg.empty()) throw PlotError("gnuplot: " + contents(errors.path()));
  return svg;
}

}  // namespace hdq::io
