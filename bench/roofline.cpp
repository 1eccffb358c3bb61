#include "roofline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

#include "hdq/io/gnuplot.hpp"
#include "machine_kernels.hpp"

namespace hdq::bench {
namespace {

// A ceiling is the best of all repetitions.
double machine_best(const std::vector<Result>& results, const std::string& name) {
  for (const Result& result : results)
    if (result.figure->name == "machine/" + name) return result.value().maximum;
  throw std::runtime_error("the plot needs the figure machine/" + name);
}

struct Point {
  double intensity, giga_operations;
};

Point point_of(const Result& result) {
  const Work& work = *result.figure->work;
  const double value = result.value().median;
  const double elements = result.figure->unit == Unit::nanoseconds_per_element ? 1 / value : value / work.bytes;
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
  return io::data_block(group + (streaming ? "_stream" : "_hot"), rows);
}

struct Group {
  const char* name;
  int filled, hollow;  // gnuplot's point types
};
constexpr Group kGroups[] = {{"transform", 7, 6}, {"encode", 9, 8}, {"decode", 5, 4}, {"score", 13, 12}};

std::string ceilings(const Settings& settings, const std::vector<Result>& results) {
  const auto lanes = static_cast<double>(vector_lanes(settings.isa));
  return fmt::format("read = {}\nstore = {}\nl1 = {}\nfma = {}\npermute = {}\n", machine_best(results, "dram-read"),
                     machine_best(results, "plain-store"), machine_best(results, "l1-read"), machine_best(results, "fma") * lanes,
                     machine_best(results, "permute") * lanes);
}

constexpr const char* kAxes = R"(
top = (fma > permute ? fma : permute)
set logscale xy
set xrange [0.15:40]
set yrange [1:2.5*top]
set xlabel 'lane operations per byte of input (encode), array (transform), output (decode), codes (score)'
set ylabel 'giga lane operations per second'
set key outside right top Left reverse
roof(x) = (read*x < top ? read*x : 1/0)
storing(x) = (store*x < top ? store*x : 1/0)
cache(x) = (l1*x < top ? l1*x : 1/0)
set label sprintf('DRAM read %.1f GB/s', read) at 0.36, store*0.36*0.72 font ',11' textcolor rgb '#444444'
set label sprintf('store (dashed) %.1f GB/s', store) at 0.36, store*0.36*0.55 font ',11' textcolor rgb '#444444'
set label sprintf('L1 read %.0f GB/s', l1) at 0.19, l1*0.19*0.68 font ',11' textcolor rgb '#444444'
set label sprintf('fma %.0f G/s', fma) at 39, fma*1.12 right font ',11' textcolor rgb '#444444'
set label sprintf('permute %.0f G/s', permute) at 39, permute*0.86 right font ',11' textcolor rgb '#444444'
)";

std::string script(const Settings& settings, const std::vector<Result>& results) {
  std::string text = ceilings(settings, results);
  for (const Group& group : kGroups) text += points(results, group.name, true) + points(results, group.name, false);
  text += kAxes;
  text += "plot roof(x) lt 9 dt solid notitle, storing(x) lt 9 notitle, cache(x) lt 9 dt solid notitle, fma lt 9 dt solid notitle, "
          "permute lt 9 notitle";
  int type = 1;
  for (const Group& group : kGroups) {
    text += fmt::format(", ${0}_stream with points lt {1} pt {2} ps 0.8 title '{0}, memory'", group.name, type, group.filled);
    text += fmt::format(", ${0}_hot with points lt {1} pt {2} ps 0.8 title '{0}, cache'", group.name, type, group.hollow);
    ++type;
  }
  return text + "\n";
}

}  // namespace

void write_roofline(const std::string& path, const Settings& settings, const std::vector<Result>& results) {
  const std::string svg = io::plot_svg(script(settings, results), 860, 500);
  std::ofstream out(path, std::ios::binary);
  out << svg;
  if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace hdq::bench
