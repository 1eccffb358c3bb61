// Codecs, scores and search over codes in memory. Codes come as (norms, codes, first_row): float32, bytes, the number
// of the first row.
#include "hdq/codec.hpp"

#include "array.hpp"
#include "codec.hpp"
#include "hdq/search.hpp"

namespace hdq::python {

Isa isa_of(const std::string& name) {
  if (const auto isa = isa_named(name)) return *isa;
  std::string names;
  for (const Isa isa : all_isas()) names += std::string(names.empty() ? "" : ", ") + isa_name(isa);
  throw InvalidArgument("isa must be one of " + names + ", not " + name);
}

Metric metric_of(const std::string& name) {
  for (const Metric metric : {Metric::inner_product, Metric::squared_distance, Metric::cosine})
    if (name == metric_name(metric)) return metric;
  throw InvalidArgument("metric must be ip, l2 or cosine, not " + name);
}

std::span<const float> mean_of(const std::optional<py::array>& mean) {
  return mean.has_value() ? numbers<const float>(*mean) : std::span<const float>();
}

void store(const std::vector<Neighbour>& found, const py::array& indices, const py::array& scores) {
  const auto rows = numbers<std::int64_t>(indices);
  const auto values = numbers<double>(scores);
  if (rows.size() != found.size() || values.size() != found.size())
    throw py::value_error("indices and scores must be (queries, k)");
  for (std::size_t i = 0; i < found.size(); ++i) {
    rows[i] = static_cast<std::int64_t>(found[i].row);
    values[i] = found[i].score;
  }
}

namespace {

using py::gil_scoped_release;

Dither dither_of(const std::string& name) {
  for (const Dither dither : {Dither::row, Dither::shared})
    if (name == dither_name(dither)) return dither;
  throw InvalidArgument("dither must be row or shared, not " + name);
}

// step 0: fixed rate.
Codec make_codec(std::size_t dimension, int bits, float step, std::uint64_t seed, const std::string& dither,
                 const std::string& isa, int threads, bool shrink) {
  const CodecOptions options{.isa = isa_of(isa), .threads = threads, .shrink = shrink};
  const SchemeId scheme = step != 0 ? SchemeId::entropy_coded : SchemeId::fixed_rate;
  return Codec({scheme, dimension, bits, seed, step, dither_of(dither)}, options);
}

EncodedView encoded(const py::array& norms, const py::array& codes, std::uint64_t first_row) {
  return {numbers<const float>(norms), numbers<const std::uint8_t>(codes), first_row};
}

void encode(const Codec& codec, const py::array& x, std::uint64_t first_row, const py::array& norms,
            const py::array& codes) {
  const EncodedBuffer out(numbers<float>(norms), numbers<std::uint8_t>(codes), first_row);
  with_rows(x, [&](const auto& view) {
    const gil_scoped_release released;
    codec.encode(view, out);
  });
}

void decode(const Codec& codec, const py::array& norms, const py::array& codes, std::uint64_t first_row,
            const py::array& out) {
  const EncodedView from = encoded(norms, codes, first_row);
  const RowsView<float> to = rows<float>(out);
  const gil_scoped_release released;
  codec.decode(from, to);
}

void rotate(const Codec& codec, const py::array& x, const py::array& y, const py::array& norms) {
  const RowsView<float> to = rows<float>(y);
  const std::span<float> lengths = numbers<float>(norms);
  with_rows(x, [&](const auto& view) {
    const gil_scoped_release released;
    codec.rotate(view, to, lengths);
  });
}

void quantize(const Codec& codec, const py::array& y, const py::array& norms, const py::array& words,
              const py::array& codes) {
  const RowsView<const float> from = rows<const float>(y);
  const auto lengths = numbers<const float>(norms);
  const auto dither = numbers<const std::uint32_t>(words);
  const auto to = numbers<std::uint8_t>(codes);
  const gil_scoped_release released;
  codec.quantize(from, lengths, dither, to);
}

using Mean = std::optional<py::array>;

// list: int64, the rows to score; all of them where there is none.
void scores(const Codec& codec, const py::array& queries, const Mean& mean, const std::string& metric,
            const py::array& norms, const py::array& codes, std::uint64_t first_row,
            const std::optional<py::array>& list, const py::array& out) {
  const auto asked = rows<const float>(queries);
  const auto mu = mean_of(mean);
  const EncodedView from = encoded(norms, codes, first_row);
  const RowsView<float> to = rows<float>(out);
  const auto some = row_list<std::size_t>(list);
  const gil_scoped_release released;
  const Scorer scorer(codec, asked, mu);
  if (list.has_value())
    scorer.score_list(metric_of(metric), from, some, to);
  else
    scorer.score(metric_of(metric), from, to);
}

void score_errors(const Codec& codec, const py::array& queries, const Mean& mean, const std::string& metric,
                  const py::array& norms, const py::array& codes, std::uint64_t first_row, const py::array& out) {
  const auto asked = rows<const float>(queries);
  const auto mu = mean_of(mean);
  const EncodedView from = encoded(norms, codes, first_row);
  const RowsView<double> to = rows<double>(out);
  if (to.rows() != asked.rows() || to.dimension() != from.rows()) throw py::value_error("out must be (queries, rows)");
  const gil_scoped_release released;
  const Scorer scorer(codec, asked, mu);
  for (std::size_t query = 0; query < to.rows(); ++query)
    for (std::size_t row = 0; row < from.rows(); ++row)
      to.row(query)[row] = scorer.error_bound(metric_of(metric), query, from.slice(row, 1));
}

Done search_codes(const Codec& codec, const py::array& queries, const Mean& mean, const std::string& metric,
                  const py::array& norms, const py::array& codes, std::uint64_t first_row,
                  const std::optional<py::array>& list, std::size_t k, bool filter, const py::array& indices,
                  const py::array& values) {
  const auto asked = rows<const float>(queries);
  const auto mu = mean_of(mean);
  const EncodedView from = encoded(norms, codes, first_row);
  const auto some = row_list<std::size_t>(list);
  std::vector<Neighbour> found;
  SearchStatistics done;
  {
    const gil_scoped_release released;
    const Scorer scorer(codec, asked, mu);
    const SearchOptions options{filter, &done};
    found = list.has_value() ? search(scorer, metric_of(metric), from, some, k, options)
                             : search(scorer, metric_of(metric), from, k, options);
  }
  store(found, indices, values);
  return {done.scanned, done.verified};
}

void search_vectors(const py::array& x, const py::array& queries, const std::string& metric, int threads,
                    const std::string& isa, std::size_t k, const py::array& indices, const py::array& values) {
  const auto from = rows<const float>(x), asked = rows<const float>(queries);
  std::vector<Neighbour> found;
  {
    const gil_scoped_release released;
    TopK best(metric_of(metric), asked.rows(), k);
    ThreadPool pool(threads);
    brute_force_search(best, asked, from, 0, &pool, isa_of(isa));
    found = best.ranked();
  }
  store(found, indices, values);
}

}  // namespace

void register_codec(py::module_& module) {
  py::class_<Codec>(module, "Codec")
      .def(py::init(&make_codec))
      .def_property_readonly("order", &Codec::order)
      .def_property_readonly("step", &Codec::step)
      .def_property_readonly("isa", [](const Codec& codec) { return isa_name(codec.isa()); })
      .def_property_readonly("threads", &Codec::threads)
      .def_property_readonly("code_bytes", &Codec::code_bytes)
      .def_property_readonly("error_bound", &Codec::error_bound)
      .def_property_readonly("shrink_factor", &Codec::shrink_factor)
      .def("encode", &encode)
      .def("decode", &decode)
      .def("rotate", &rotate)
      .def("draw_dither", [](const Codec& codec, std::uint64_t first_row,
                             const py::array& words) { codec.draw_dither(first_row, numbers<std::uint32_t>(words)); })
      .def("quantize", &quantize)
      .def("scores", &scores)
      .def("score_errors", &score_errors)
      .def("search", &search_codes);
  module.def("search_vectors", &search_vectors);
  module.def("step_of_rate", [](double rate) { return Step::of_rate(rate).value(); });
  module.def("step_of_error", [](double error) { return Step::of_error(error).value(); });
  module.def("rate_of_step", [](float step) { return Step(step).rate(); });
  module.def("supported_isas", [] {
    py::list names;
    for (const Isa isa : supported_isas()) names.append(isa_name(isa));
    return names;
  });
}

}  // namespace hdq::python
