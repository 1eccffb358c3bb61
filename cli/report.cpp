// hdq report: the theorem and its comparators as one self-contained HTML page with SVG figures.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>
#include <memory>
#include <optional>
#include <regex>

#include "command.hpp"
#include "enclosure.hpp"
#include "files.hpp"
#include "hdq/io/gnuplot.hpp"
#include "hdq/io/text.hpp"
#include "mean_error.hpp"
#include "profile_error.hpp"
#include "report_data.hpp"

namespace hdq::cli {
namespace {

using io::data_block, io::plot_svg;

using namespace hdq::reference;

// ---- figures ----

// An SVG document as an element of the page: no prolog, identifiers of its own, as wide as the column.
std::string inline_svg(const std::string& svg, int number) {
  static const std::regex identifier("(id=['\"]|href=['\"]#|url\\(#)");
  static const std::regex size("(<svg[^>]*?)\\s+width=\"[0-9]+\"\\s+height=\"[0-9]+\"");
  static const std::regex title("<title>Gnuplot</title>\\s*(<desc>[^<]*</desc>)?");
  std::string body = svg.substr(svg.find("<svg"));
  body = std::regex_replace(body, identifier, fmt::format("$1f{}-", number));
  body = std::regex_replace(body, title, "");
  return std::regex_replace(body, size, "$1", std::regex_constants::format_first_only);
}

std::vector<Bracket> brackets(const std::vector<BoundCertificate>& certificates) {
  std::vector<Bracket> list;
  for (const BoundCertificate& c : certificates) list.push_back(bracket(c));
  return list;
}

int line_type(Scheme scheme) {
  for (int i = 0; i < 4; ++i) {
    if (report_schemes[i] == scheme) return i + 1;
  }
  return 0;
}

const char* rotation_title(Rotation rotation) {
  switch (rotation) {
    case Rotation::hd: return "one HD";
    case Rotation::hdhd: return "two HD";
    default: return "dense (Haar)";
  }
}

std::string schemes_figure(const ReportData& report) {
  std::string script = fmt::format("limit = {:.17g}\nset multiplot layout 1,3\nset xrange [0.5:8.5]\n"
                                   "set yrange [1:10]\nset xtics 1\nset xlabel 'bits b'\n", error_limit_double);
  std::string blocks;
  for (const Rotation rotation : {Rotation::hd, Rotation::hdhd, Rotation::dense}) {
    std::string plot = fmt::format("set title '{}'\n{}\nplot ", rotation_title(rotation),
                                   rotation == Rotation::hd      ? "set ylabel 'MSE · 4^{b}'\nunset key"
                                   : rotation == Rotation::hdhd  ? "unset ylabel"
                                                                 : "set key top right");
    for (const SchemeCurve& curve : report.schemes) {
      if (curve.rotation != rotation) continue;
      const std::string name = fmt::format("c{}_{}", static_cast<int>(rotation), static_cast<int>(curve.scheme));
      std::vector<std::vector<double>> rows;
      for (std::size_t b = 0; b < curve.worst.size(); ++b) rows.push_back({static_cast<double>(b + 1), curve.worst[b]});
      blocks += data_block(name, rows);
      plot += fmt::format("${} using 1:2 with linespoints lt {} title '{}', ", name, line_type(curve.scheme),
                          scheme_name(curve.scheme));
    }
    script += plot + "limit with lines lt 9 title 'π√3/2'\n";
  }
  return plot_svg(blocks + script + "unset multiplot", 960, 380);
}

// `bias`: E⟨x, x̂⟩/‖x‖² − 1 instead of MSE·4^b.
std::string hot_figure(const ReportData& report, bool bias) {
  std::string blocks, script = fmt::format("limit = {:.17g}\nset multiplot layout 1,2\nset logscale x 2\nset xrange [0.9:54]\n"
                                           "set xlabel 'k  (k equal coordinates)'\n", error_limit_double);
  for (const int bits : {2, 4}) {
    std::string plot = fmt::format("set title 'b = {}'\nset ylabel '{}'\n{}\nplot ", bits,
                                   bias ? "E⟨x, x̂⟩ / ‖x‖² − 1" : "MSE · 4^{b}", bits == 2 ? "set key top right" : "unset key");
    plot.insert(0, bias ? "" : "set yrange [0:10]\n");
    for (const HotCurve& curve : report.hot) {
      if (curve.bits != bits) continue;
      const std::string name = fmt::format("h{}_{}", bits, static_cast<int>(curve.scheme));
      const std::vector<double>& values = bias ? curve.correlation : curve.mse;
      std::vector<std::vector<double>> rows;
      for (std::size_t k = 0; k < values.size(); ++k) rows.push_back({static_cast<double>(k + 1), values[k]});
      blocks += data_block(name, rows);
      plot += fmt::format("${} using 1:2 with linespoints lt {} lw 1 ps 0.35 title '{}', ", name, line_type(curve.scheme),
                          scheme_name(curve.scheme));
    }
    const double upper = bracket(report.shipped[static_cast<std::size_t>(bits - 1)]).upper;
    if (bias) plot += "0 with lines lt 9 notitle\n";
    else plot += fmt::format("{:.17g} with lines lt 9 title 'certified upper, dithered', limit with lines lt 9 dt 3 title 'π√3/2'\n", upper);
    script += plot;
  }
  return plot_svg(blocks + script + "unset multiplot", 960, 380);
}

std::string majorant_figure(const ReportData& report) {
  std::string blocks, script = "set multiplot layout 1,2\nset xlabel 'z'\nset logscale y\nset xrange [0:7]\n";
  for (const MajorantCurve& curve : report.majorants) blocks += data_block(fmt::format("m{}", curve.bits), curve.rows);
  script += "set ylabel 'times 4^{b}'\nset key top left\nset yrange [1:*]\nset format y '10^{%L}'\nplot ";
  for (std::size_t i = 0; i < report.majorants.size(); ++i) {
    const int bits = report.majorants[i].bits, type = static_cast<int>(i) + 1;
    script += fmt::format("$m{0} using 1:2 with lines lt {1} lw 2.5 title 'M(z), b = {0}', "
                          "$m{0} using 1:3 with lines lt 9 {2}, ", bits, type, i == 0 ? "title 'majorant P(z)'" : "notitle");
  }
  script += "\nset ylabel 'P(z)/M(z) − 1'\nset yrange [1e-5:100]\nset key bottom right\nplot ";
  for (std::size_t i = 0; i < report.majorants.size(); ++i) {
    script += fmt::format("$m{0} using 1:4 with lines lt {1} title 'b = {0}', ", report.majorants[i].bits, i + 1);
  }
  return plot_svg(blocks + script + "\nunset multiplot", 960, 380);
}

std::string data_figure(const ReportData& report) {
  std::vector<std::vector<double>> rows;
  for (const DataRow& r : report.data->by_bits) {
    const double unit = std::ldexp(1, 2 * r.bits);
    const Bracket b = bracket(report.shipped[static_cast<std::size_t>(r.bits - 1)]);
    rows.push_back({static_cast<double>(r.bits), r.measured * unit, 3 * r.standard_error * unit, r.exact * unit, b.upper});
  }
  return plot_svg(data_block("data", rows) + fmt::format("limit = {:.17g}\n", error_limit_double) + R"(
set xlabel 'bits b'
set ylabel 'MSE · 4^{b}'
set xrange [0.5:8.5]
set yrange [2:7]
set xtics 1
plot $data using 1:5 with linespoints lt 2 title 'certified upper, all vectors', \
     $data using 1:4 with lines lt 3 title 'exact, these rows', \
     $data using 1:2:3 with yerrorbars lt 1 title 'measured (3 standard errors)', \
     limit with lines lt 9 title 'π√3/2')", 960, 420);
}

// Both schemes on the data, with their limits.
std::string rates_figure(const ReportData& report) {
  std::vector<std::vector<double>> fixed, coded;
  for (const DataRow& r : report.data->by_bits)
    fixed.push_back({static_cast<double>(r.bits), std::ldexp(r.exact, 2 * r.bits)});
  for (const CodedDataRow& r : report.data->coded)
    coded.push_back({r.bits, r.error * std::pow(4.0, r.bits), r.measured * std::pow(4.0, r.bits)});
  return plot_svg(data_block("fixed", fixed) + data_block("coded", coded) +
                      fmt::format("limit = {:.17g}\ncoded = {:.17g}\n", error_limit_double, coded_limit_double) + R"(
set xlabel 'R, bits per coordinate, norms apart'
set ylabel 'MSE · 4^{R}'
set xrange [0.5:8.5]
set yrange [1:7]
set xtics 1
plot $fixed using 1:2 with linespoints lt 1 title 'fixed rate, exact', \
     limit with lines lt 1 dt 2 title 'its limit π√3/2', \
     $coded using 1:2 with linespoints lt 2 title 'entropy-coded, D·4^R', \
     $coded using 1:3 with points lt 3 title 'entropy-coded, measured', \
     coded with lines lt 2 dt 2 title 'its limit πe/6')",
                  960, 420);
}

// ---- the page ----

const char* const page_head = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>Hadamard-dithered quantization: the worst case, certified</title>
<style>
body{font:17px/1.5 "Libertinus Serif","Linux Libertine","Palatino Linotype",Palatino,Georgia,"Times New Roman",serif;color:#1a1a1a;
background:#fff;max-width:54rem;margin:3rem auto;padding:0 1.5rem}
h1{font-size:1.75rem;line-height:1.2;font-weight:600;margin:0 0 .4rem}
h2{font-size:1.2rem;font-weight:600;margin:2.4rem 0 .5rem}
p{margin:.6rem 0;hyphens:auto}
.lead{color:#444;margin-bottom:1.6rem}
figure{margin:1.6rem 0}
figure svg{width:100%;height:auto;display:block}
figcaption,caption{font-size:.92rem;line-height:1.4;color:#333;text-align:left}
caption{caption-side:top;padding-bottom:.5rem}
sup{line-height:0}
table{border-collapse:collapse;margin:1.4rem 0;width:100%;font-size:.95rem;font-variant-numeric:tabular-nums}
thead th{border-top:1.5px solid #222;border-bottom:.8px solid #222;font-weight:600}
tbody tr:last-child td{border-bottom:1.5px solid #222}
th,td{padding:.22rem .6rem;text-align:right}
code{font:.86em ui-monospace,"DejaVu Sans Mono",Menlo,Consolas,monospace}
pre{background:#f6f6f4;padding:.7rem 1rem;overflow-x:auto;line-height:1.4}
@media print{body{margin:0;font-size:11pt}figure,table{break-inside:avoid}}
</style></head><body>
)";

std::string escape(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') out += "&amp;";
    else if (c == '<') out += "&lt;";
    else if (c == '>') out += "&gt;";
    else out += c;
  }
  return out;
}

class Page {
 public:
  void add(const std::string& html) { html_ += html + "\n"; }
  void figure(const std::string& svg, const std::string& caption) {
    ++figures_;
    add(fmt::format("<figure>{}<figcaption><b>Figure {}.</b> {}</figcaption></figure>", inline_svg(svg, figures_), figures_, caption));
  }
  void table(const std::string& caption, const std::vector<std::string>& head, const std::vector<std::vector<std::string>>& rows) {
    ++tables_;
    std::string html = fmt::format("<table><caption><b>Table {}.</b> {}</caption><thead><tr>", tables_, caption);
    for (const std::string& cell : head) html += "<th>" + cell + "</th>";
    html += "</tr></thead><tbody>";
    for (const std::vector<std::string>& row : rows) {
      html += "<tr>";
      for (const std::string& cell : row) html += "<td>" + cell + "</td>";
      html += "</tr>";
    }
    add(html + "</tbody></table>");
  }
  std::string finish() const { return page_head + html_ + "</body></html>\n"; }

 private:
  std::string html_;
  int figures_ = 0, tables_ = 0;
};

// 1.2e-07 as 1.2 · 10⁻⁷.
std::string scientific(double value) {
  if (value == 0) return "0";
  const int exponent = static_cast<int>(std::floor(std::log10(std::abs(value))));
  return fmt::format("{:.2f}&#8239;·&#8239;10<sup>{}{}</sup>", value / std::pow(10.0, exponent), exponent < 0 ? "−" : "", std::abs(exponent));
}
std::string signed_fixed(double value, int places) {
  return fmt::format("{}{:.{}f}", value < 0 ? "−" : "+", std::abs(value), places);
}

const SchemeCurve& curve_of(const ReportData& report, Scheme scheme, Rotation rotation) {
  return *std::find_if(report.schemes.begin(), report.schemes.end(),
                       [&](const SchemeCurve& c) { return c.scheme == scheme && c.rotation == rotation; });
}

void add_bounds_section(Page& page, const ReportData& report) {
  std::vector<std::vector<std::string>> rows;
  const SchemeCurve& lloyd = curve_of(report, Scheme::lloyd_max, Rotation::hd);
  for (std::size_t i = 0; i < report.shipped.size(); ++i) {
    const Bracket b = bracket(report.shipped[i]);
    rows.push_back({std::to_string(i + 1), fmt::format("{:.6f}", b.lower), fmt::format("{:.6f}", b.upper),
                    scientific(b.upper / b.lower - 1), fmt::format("{:.4f}", b.upper / error_limit_double), fmt::format("{:.3f}", lloyd.worst[i])});
  }
  page.add("<h2>The worst vector, in any dimension</h2>");
  page.table("Certified brackets of sup MSE·4<sup>b</sup> over all dimensions and all unit vectors, for the dithered quantizer under one HD. "
             "Last column: what Lloyd–Max without dither does to some vector with at most four equal coordinates.",
             {"b", "lower", "upper", "relative width", "upper / (π√3/2)", "Lloyd–Max, one HD"}, rows);
  const Bracket last = bracket(report.asymptotic.back());
  page.figure(brackets_svg(brackets(report.shipped), brackets(report.asymptotic)),
              fmt::format("Left: the brackets of Table 1. Right: with σ = √3 and κ = 3/16 kept fixed, what the worst N²·MSE has above π√3/2; "
                          "at N = {} the certified upper end is {:.6f} against {:.6f}. Both ends are certified at every point.",
                          last.levels, last.upper, error_limit_double));
  page.add("<p>The lower end is the limit of flat vectors (1, …, 1)/√d, an integral of M against the normal density. The upper end is the "
           "expectation bound of a majorant P ≥ M, a combination of 1, z², z⁴, cosh(sz) and exp(λz²), found by linear programming, rounded to "
           "rationals, and proved on the whole line in interval arithmetic. Each is written to a certificate that a second checker, "
           "sharing no code with the first, verifies.</p>");
  page.figure(majorant_figure(report),
              "Left: the scalar mean squared error M(z) and its majorant. Right: their relative distance; the touching points are where the dual "
              "linear program puts its mass. The curves are even in z.");
}

void add_schemes_section(Page& page, const ReportData& report) {
  page.add("<h2>Other schemes, other rotations</h2>");
  page.figure(schemes_figure(report),
              "Largest exact MSE·4<sup>b</sup> over 1-hot to 4-hot vectors in dimension 64 (dense: every vector). Under one HD Lloyd–Max exceeds the limit "
              "from b = 2 on, and on some bit widths it still does after a second HD; under a dense rotation it has the least error of the four. A "
              "uniform step loses as b grows under every rotation. The dithered scheme is below the limit at b = 8 under all three.");
  page.figure(hot_figure(report, false),
              "Exact MSE·4<sup>b</sup> of vectors with k equal coordinates, the others zero, under one HD. The dithered scheme rises to its Gaussian limit "
              "and never exceeds its certificate.");
}

void add_codebooks_section(Page& page, const ReportData& report) {
  page.add("<h2>Codebooks of others</h2>");
  page.add("<p>The scalar codebooks and scale factors that public kernels use, each under one HD in dimension 64, in real arithmetic. The norm of x as factor is "
           "TurboQuant's and faiss's; a factor that gives x̂ the norm of x is what several key–value caches store; ‖x‖²/⟨x, x̂⟩ is EDEN's, at one bit also DRIVE's and "
           "RaBitQ's. Vectors: k equal coordinates, k ≤ 7, alone or beside one of 2 or 4 times their size; every sign pattern is summed. The last row has no signs, as vLLM's kernel: nothing is random, and the vectors are those whose transforms are the ones named, for k = 1 a row of H, such as (1, …, 1).</p>");
  std::vector<std::string> head = {"scheme"};
  for (int b = 1; b <= BitWidth::most; ++b) head.push_back(std::to_string(b));
  std::vector<std::vector<std::string>> worst = {{"hdq, certified for all vectors"}}, normal = {{"hdq"}}, bias = {{"hdq"}};
  for (const BoundCertificate& certificate : report.shipped) {
    worst[0].push_back(fmt::format("{:.3f}", bracket(certificate).upper));
    normal[0].push_back(fmt::format("{:.3f}", bracket(certificate).lower));
    bias[0].push_back("0");
  }
  for (const CodebookRow& scheme : report.codebooks) {
    for (auto* table : {&worst, &normal, &bias}) table->push_back({scheme.name});
    for (std::size_t b = 0; b < scheme.worst.size(); ++b) {
      worst.back().push_back(fmt::format("{:.{}f}", scheme.worst[b], scheme.worst[b] < 100 ? 3 : 0));
      normal.back().push_back(fmt::format("{:.3f}", scheme.normal[b]));
      bias.back().push_back(scheme.bias[b] < 1e-12 ? "0" : fmt::format("{:.1e}", scheme.bias[b]));
    }
  }
  page.table("The largest E‖x̂ − x‖²/‖x‖²·4<sup>b</sup> among these vectors, by bits b. π√3/2 = 2.721.", head, worst);
  page.table("The same where coordinates are normal: the limit of flat vectors, the case that these codebooks are designed for.", head, normal);
  page.table("The largest |E⟨x, x̂⟩/‖x‖² − 1| among these vectors: the bias along x. A factor that makes it 0 does not make E x̂ = x.", head, bias);
}

// Under their own rotations, each a row of figures by bits.
void add_profiles_section(Page& page) {
  const std::vector<ProfileRow> profiles = profile_rows();
  page.add("<h2>Quantizers of others, as they are</h2>");
  page.add("<p>Every shipped profile (docs/profiles.md) that has a codebook, with its own rotation, scale, codebook, storage formats and factor, in real arithmetic. Where a single vector of signs is all "
           "that is random, every sign pattern of n = 8 is summed, and no vector can know the signs; otherwise the figures are those of one draw of the scheme's data, and the worst vector found is "
           "one that this rotation sends to few coordinates: what a deterministic rotation leaves possible.</p>");
  std::vector<std::string> head = {"profile", "n"};
  for (int b = 1; b <= BitWidth::most; ++b) head.push_back(std::to_string(b));
  const auto table = [&](const char* title, std::array<std::optional<double>, 9> ProfileRow::*figures) {
    std::vector<std::vector<std::string>> rows;
    for (const ProfileRow& p : profiles) {
      rows.push_back({p.name, std::to_string(p.n) + (p.over_signs ? ", all signs" : "")});
      for (std::size_t b = 1; b <= BitWidth::most; ++b) rows.back().push_back((p.*figures)[b] ? (*(p.*figures)[b] < 1e-9 ? "0" : scientific(*(p.*figures)[b])) : "");
    }
    page.table(title, head, rows);
  };
  table("E‖x̂ − x‖²/‖x‖² of the worst vector found, by bits b.", &ProfileRow::worst);
  table("‖E x̂ − x‖/‖x‖ of that vector: the bias, or for given data the error itself.", &ProfileRow::bias);
  table("E‖x̂ − x‖²/‖x‖² of one vector with bell-shaped coordinates.", &ProfileRow::gaussian);
}

void add_bias_section(Page& page, const ReportData& report) {
  page.add("<h2>Bias</h2>");
  page.figure(hot_figure(report, true),
              "Exact bias of ⟨x, x̂⟩ for k-hot vectors under one HD. The dithered scheme's is zero for every vector and every sign pattern.");
  std::vector<std::string> head = {"b"}, row = {"bound"};
  for (std::size_t i = 0; i < report.word_bias.size(); ++i) {
    head.push_back(std::to_string(i + 1));
    row.push_back(scientific(report.word_bias[i]));
  }
  page.table("What the 32-bit dither word costs: proved bound of ‖E x̂ − x‖/‖x‖, all vectors.", head, {row});
}

// Rows of one bit width, each a scheme: what is sent, and the errors of equal vectors of two kinds.
void add_mean_rows(std::vector<std::vector<std::string>>& rows, const figures::MeanErrors& errors) {
  for (const figures::SchemeMeanError& scheme : errors.schemes) {
    rows.push_back({std::to_string(errors.bits), scheme.scheme, fmt::format("{:.2f}", scheme.bits_per_coordinate)});
    for (const std::size_t v : {0U, 3U})
      for (const std::size_t n : mean_error_clients) rows.back().push_back(mean_error_text(scheme.of_vectors[v], n));
  }
}

void add_means_section(Page& page, const ReportData& report) {
  page.add("<h2>Means over clients</h2>");
  page.add(fmt::format(
      "<p>N clients send one vector each, at nearly the same number of bits; a server takes the mean of what it "
      "decodes. For equal vectors the error over ‖x‖² "
      "is bias + (error − bias)/N, bias = ‖E x̂ − x‖²/‖x‖², where every client has signs and roundings of its own; "
      "vectors with fair signs of their own share no bias, and the error of their mean is the first "
      "column over N. Dimension {}: normal quantiles, quantiles of Student's t with two degrees of freedom, and (4, 1, "
      "1, 0, …). hdq's numbers are enclosures' midpoints, without bias by theorem; the others are means over the "
      "signs, all "
      "patterns of sparse vectors and {} seeds for the rest, written with the digits that their standard errors leave. "
      "eden at one bit is drive. quic-fl-private is not QUIC-FL as published: its bounded support and exact outliers, "
      "but "
      "stochastic rounding instead of the tables with shared randomness, which are made to err less. (Where no "
      "coordinate is sent "
      "exactly, hdq's fixed rate errs at most 0.65 % more than any unbiased rule of as many levels, on flat vectors of "
      "large dimension: docs/SPEC.md, 5.10.)</p>",
      report.means[0].dimension, report.means[0].seeds));
  page.figure(mean_error_svg(report.means[1]),
              "The error of the mean of N equal vectors, over ‖x‖², at 2 bits. Lines that flatten are biases.");
  std::vector<std::string> head = {"b", "scheme", "bits sent"};
  for (const char* vector : {"gaussian", "sparse"})
    for (const std::size_t n : mean_error_clients)
      head.push_back(fmt::format("{}{}", n == 1 ? fmt::format("{}, N = ", vector) : "", n));
  std::vector<std::vector<std::string>> rows;
  for (const figures::MeanErrors& errors : report.means) add_mean_rows(rows, errors);
  page.table(
      "The same for b = 1, 2, 4. Bits sent: per coordinate, norms and the like included, seeds apart. <code>hdq "
      "mean-error --json</code> has one-hot and heavy-tailed vectors, biases and standard errors.",
      head, rows);
}

void add_coded_data(Page& page, const ReportData& report) {
  const DataTable& data = *report.data;
  page.figure(rates_figure(report),
              "Mean squared error times 4<sup>R</sup> of both schemes on these rows: fixed rate, R = b, and the "
              "entropy-coded quantizer, R measured. "
              "Its error is D·‖x‖² for every vector, and D ≤ (πe/6)(1 + D)·4<sup>−R</sup>, πe/6 = 1.42329.");
  std::vector<std::vector<std::string>> rows;
  for (const CodedDataRow& r : data.coded) {
    rows.push_back({fmt::format("{:.2f}", r.rate), fmt::format("{:.4f}", r.bits), scientific(r.measured),
                    scientific(r.error),
                    fmt::format("{:.5f} ± {:.5f}", r.measured / r.error, r.standard_error / r.error),
                    fmt::format("{:.4f}", r.error * std::pow(4.0, r.bits))});
  }
  page.table(
      fmt::format("The entropy-coded quantizer on the same rows, with {} seeds: bits per coordinate of its streams, "
                  "norms apart, and the error{}.",
                  data.coded_seeds, data.order == data.dimension ? "" : ", which the cut to n makes less than D"),
      {"R(D)", "bits", "measured", "D", "measured / D", "D · 4<sup>bits</sup>"}, rows);
}

void add_data_section(Page& page, const ReportData& report) {
  if (!report.data) return;
  const DataTable& data = *report.data;
  page.add("<h2>Real data</h2>");
  const std::string padding = data.order == data.dimension ? "no padding" : fmt::format("padded to {}", data.order);
  page.figure(data_figure(report), fmt::format("{}: {} rows of {} coordinates ({}), encoded and decoded by the library with {} seeds.",
                                               escape(data.name), data.rows, data.dimension, padding, data.seeds));
  std::vector<std::vector<std::string>> rows;
  for (const DataRow& r : data.by_bits) {
    rows.push_back({std::to_string(r.bits), scientific(r.measured), scientific(r.exact), fmt::format("{:.4f} ± {:.4f}", r.measured / r.exact, r.standard_error / r.exact),
                    fmt::format("{:.4f}", std::ldexp(r.exact, 2 * r.bits)),
                    fmt::format("{} ± {:.2f}", signed_fixed(r.correlation * 1e5, 2), r.correlation_error * 1e5)});
  }
  page.table("Measured mean of ‖x̂ − x‖²/‖x‖² beside its exact expectation over signs and dither, and the measured bias of ⟨x, x̂⟩/‖x‖². ± is one standard error, over seeds.",
             {"b", "measured", "exact", "measured / exact", "exact · 4<sup>b</sup>", "(⟨x, x̂⟩/‖x‖² − 1) · 10<sup>5</sup>"}, rows);
  add_coded_data(page, report);
}

std::string page_of(const ReportData& report) {
  Page page;
  page.add("<h1>Hadamard-dithered quantization: the worst case, certified</h1>");
  page.add("<p class=\"lead\">A vector x is rotated by random signs and a Hadamard matrix, one random offset per vector is subtracted, and each coordinate "
           "is quantized to b bits. The result is unbiased for every x, and its mean squared error is at most (π√3/2 + o(1))·4<sup>−b</sup>·‖x‖². "
           "This page puts certified numbers on that statement. π√3/2 = 2.720699…</p>");
  add_bounds_section(page, report);
  add_schemes_section(page, report);
  add_codebooks_section(page, report);
  add_profiles_section(page);
  add_bias_section(page, report);
  add_means_section(page, report);
  add_data_section(page, report);
  page.add(fmt::format("<h2>To reproduce</h2><pre><code>hdq bounds --asymptotics -o bounds\nhdq verify-certificate bounds/b*.json\n"
                       "hdq mse --bits 2 --preset one-hot --scheme lloyd-max\nhdq adversary --bits 2 --dim 16 --scheme lloyd-max\n"
                       "hdq report -o report{}</code></pre>",
                       report.data ? " --input " + escape(report.data->name) : ""));
  page.add(
      "<p>Every number except the measured ones and those of other schemes' means is an enclosure's midpoint or end, "
      "correct to the digits shown; the definitions are those of "
      "<code>docs/SPEC.md</code>.</p>");
  return page.finish();
}

struct Arguments {
  std::string directory, input;
  int seeds = default_seeds;
};

int report(const Arguments& arguments) {
  std::optional<DataTable> data;
  if (!arguments.input.empty())
    data =
        measure_file(arguments.input, arguments.seeds);  // first: a bad file is known at once, and leaves no directory
  make_directory(arguments.directory);                                 // known before most of the work
  const std::string page = page_of(compute_report(std::move(data)));
  const std::string path = (std::filesystem::path(arguments.directory) / "report.html").string();
  write_file(path, page);
  fmt::print("{}\n", io::printable(path));
  return exit_ok;
}

}  // namespace

void add_report(CLI::App& app) {
  auto arguments = std::make_shared<Arguments>();
  Command command = add_command(app, "report", "Write the bounds, comparisons and measurements as one HTML page",
                                  "hdq report -o report --input embeddings.npy", [arguments] { return report(*arguments); });
  command.text("-o", arguments->directory, "Directory for report.html").required();
  command.text("--input", arguments->input, "Vectors to measure the library on (files as hdq encode reads them; 32 rows, evenly spaced)");
  command
      .integer("--seeds", arguments->seeds, 2, 1 << 24,
               "Seeds to measure with: fewer take less time and leave larger errors")
      .show_default();
}

}  // namespace hdq::cli
