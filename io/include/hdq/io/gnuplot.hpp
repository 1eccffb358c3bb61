// Plots as SVG, drawn by gnuplot.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace hdq::io {

// gnuplot is missing or refused the script.
struct PlotError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

// A named data block of a script: `$name << EOD`, one row per line.
std::string data_block(const std::string& name, const std::vector<std::vector<double>>& rows);

// The script's drawing as an SVG document of the given size in points; the script must not set terminal or output.
std::string plot_svg(const std::string& script, int width = 640, int height = 400);

// A serif-free house style: axes at left and bottom, a faint grid, line types 1…6 distinguishable in print and to the
// colour-blind (Okabe and Ito's palette).
extern const char* const plot_style;

}  // namespace hdq::io
