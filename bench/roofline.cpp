#include "roofline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "cli/gnuplot.hpp"
#include "machine_kernels.hpp"

namespace hdq::bench {
namespace {

double machine_median(const std::vector<Result>& results, const std::string& name) {
  for (const Result& result : results)
    if (result.figure->name == "machine/" + name) return result.value().median;
  throw std::runtime_error("the plot needs the figure machine/" + name);
}

struct Point {
  double intensity, giga_operations;
};

Point point_of(const Result& result) {
  const Work& work = *result.figure->work;
  const double value = result.value().median;
  const double elements = result.figure->unit == Unit::nanoseconds_per_element ? 1 / value : value / work.counted_bytes;
  return {work.operations / work.bytes, elements * work.operations};
}

// One data block per group and kind of figure.
std::string points(const std::vector<Result>& results, const std::string& group, bool streaming) {
  std::vector<std::vector<double>> rows;
  for (const Result& result : results) {
    const Figure& figure = *result.figure;
    if (!figure.work || figure.work->streaming != streaming || !figure.name.starts_with(group + "/")) continue;
    const Point point = point_of(result);
    rows.push_back({point.intensity, point.giga_operations});
  }
  if (rows.empty()) rows.push_back({-1, -1});  // outside the logarithmic axes
  return cli::data_block(group + (streaming ? "_stream" : "_hot"), rows);
}

constexpr const char* kGroups[] = {"transform", "encode", "decode", "score"};

std::string ceilings(const Settings& settings, const std::vector<Result>& results) {
  const auto lanes = static_cast<double>(vector_lanes(settings.isa));
  return fmt::format("dram = {}\nl1 = {}\nfma = {}\npermute = {}\n", machine_median(results, "dram-read"), machine_median(results, "l1-read"),
                     machine_median(results, "fma") * lanes, machine_median(results, "permute") * lanes);
}

constexpr const char* kAxes = R"(
set logscale xy
set xrange [0.2:40]
set yrange [0.5:300]
set xlabel 'lane operations per byte of memory traffic'
set ylabel '10^9 lane operations per second'
set key outside right top
roof(x) = (dram*x < fma ? dram*x : 1/0)
cache(x) = (l1*x < fma ? l1*x : 1/0)
set label 1 sprintf('DRAM read %.0f GB/s', dram) at 0.23, dram*0.23*1.12 rotate by 0 font ',10' textcolor rgb '#444444'
set label 2 sprintf('fma %.0f G/s', fma) at 39, fma*1.1 right font ',10' textcolor rgb '#444444'
set label 3 sprintf('permute %.0f G/s', permute) at 39, permute*0.87 right font ',10' textcolor rgb '#444444'
set label 4 sprintf('L1 read %.0f GB/s', l1) at 0.23, l1*0.23*1.12 font ',10' textcolor rgb '#444444'
)";

std::string script(const Settings& settings, const std::vector<Result>& results) {
  std::string text = ceilings(settings, results);
  for (const char* group : kGroups) text += points(results, group, true) + points(results, group, false);
  text += kAxes;
  text += "plot roof(x) lt 9 dt solid notitle, cache(x) lt 9 notitle, fma lt 9 dt solid notitle, permute lt 9 notitle";
  int type = 1;
  for (const char* group : kGroups) {
    text += fmt::format(", ${0}_stream with points lt {1} pt 7 ps 0.7 title '{0}, from memory'", group, type);
    text += fmt::format(", ${0}_hot with points lt {1} pt 6 ps 0.7 title '{0}, in cache'", group, type);
    ++type;
  }
  return text + "\n";
}

}  // namespace

void write_roofline(const std::string& path, const Settings& settings, const std::vector<Result>& results) {
  const std::string svg = cli::plot_svg(script(settings, results), 820, 480);
  std::ofstream out(path, std::ios::binary);
  out << svg;
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace hdq::bench
