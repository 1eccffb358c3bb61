// The stages one by one (hdq/stages.py): arrays of rows, C-contiguous, of the lengths that Python has made sure of.
#include "hdq/stages.hpp"

#include <algorithm>

#include "array.hpp"
#include "codec.hpp"

namespace hdq::python {
namespace {

using py::gil_scoped_release;

void require(bool fits, const char* what) {
  if (!fits) throw py::value_error(what);
}

void transform_rows(const py::array& x, const std::optional<py::array>& signs, bool transposed,
                    const std::string& isa) {
  const RowsView<float> to = rows<float>(x);
  const std::uint32_t* words = nullptr;
  if (signs.has_value()) {
    const auto given = numbers<const std::uint32_t>(*signs);
    require(given.size() >= (to.dimension() + 31) / 32, "too few signs");
    words = given.data();
  }
  const Isa kernel = isa_of(isa);
  const gil_scoped_release released;
  for (std::size_t i = 0; i < to.rows(); ++i)
    (transposed ? transform_transposed : transform)(to.row(i), to.dimension(), words, kernel);
}

using TableOf = void (*)(BitWidth bits, std::uint32_t word, double* out, Isa isa);

void tables(TableOf table_of, BitWidth bits, std::size_t length, const py::array& words, const py::array& out,
            const std::string& isa) {
  const auto from = numbers<const std::uint32_t>(words);
  const auto to = numbers<double>(out);
  require(to.size() == from.size() * length, "out must be (words, length)");
  const Isa kernel = isa_of(isa);
  const gil_scoped_release released;
  for (std::size_t i = 0; i < from.size(); ++i) table_of(bits, from[i], to.data() + i * length, kernel);
}

void scale(int bits, const py::array& theta, const py::array& norms, const py::array& out) {
  const RowsView<const double> from = rows<const double>(theta);
  const RowsView<float> to = rows<float>(out);
  const auto lengths = numbers<const float>(norms);
  const std::size_t count = BitWidth(bits).levels() - 1;
  require(from.dimension() == count && to.dimension() == count && from.rows() == lengths.size() &&
              to.rows() == lengths.size(),
          "thresholds must be (norms, 2^bits - 1)");
  const gil_scoped_release released;
  for (std::size_t i = 0; i < to.rows(); ++i) scale_thresholds(bits, from.row(i), lengths[i], to.row(i));
}

void quantize_rows(int bits, const py::array& y, const py::array& scaled, const py::array& out,
                   const std::string& isa) {
  const RowsView<const float> from = rows<const float>(y), limits = rows<const float>(scaled);
  const RowsView<std::uint8_t> to = rows<std::uint8_t>(out);
  require(limits.dimension() == BitWidth(bits).levels() - 1 && limits.rows() == from.rows() &&
              to.rows() == from.rows() && to.dimension() == from.dimension(),
          "scaled thresholds must be (rows, 2^bits - 1)");
  const Isa kernel = isa_of(isa);
  const gil_scoped_release released;
  for (std::size_t i = 0; i < from.rows(); ++i)
    quantize(bits, from.row(i), from.dimension(), limits.row(i), to.row(i), kernel);
}

void require_packed(int bits, std::size_t codes, std::size_t bytes, std::size_t length, std::size_t packed) {
  require(codes == bytes && packed == (length * static_cast<std::size_t>(BitWidth(bits)) + 7) / 8,
          "bytes of another length");
}

void pack_rows(int bits, const py::array& codes, const py::array& bytes, const std::string& isa) {
  const auto from = rows<const std::uint8_t>(codes);
  const auto to = rows<std::uint8_t>(bytes);
  require_packed(bits, from.rows(), to.rows(), from.dimension(), to.dimension());
  const Isa kernel = isa_of(isa);
  const gil_scoped_release released;
  for (std::size_t i = 0; i < from.rows(); ++i) pack(bits, from.row(i), from.dimension(), to.row(i), kernel);
}

void unpack_rows(int bits, const py::array& bytes, const py::array& codes, const std::string& isa) {
  const auto from = rows<const std::uint8_t>(bytes);
  const auto to = rows<std::uint8_t>(codes);
  require_packed(bits, to.rows(), from.rows(), to.dimension(), from.dimension());
  const Isa kernel = isa_of(isa);
  const gil_scoped_release released;
  for (std::size_t i = 0; i < to.rows(); ++i) unpack(bits, from.row(i), to.dimension(), to.row(i), kernel);
}

void lookup_rows(int bits, const py::array& codes, const py::array& codewords32, const py::array& out,
                 const std::string& isa) {
  const RowsView<const std::uint8_t> from = rows<const std::uint8_t>(codes);
  const RowsView<const float> words = rows<const float>(codewords32);
  const RowsView<float> to = rows<float>(out);
  const std::size_t levels = BitWidth(bits).levels();
  require(words.dimension() == levels && words.rows() == from.rows() && to.rows() == from.rows() &&
              to.dimension() == from.dimension(),
          "codewords must be (rows, 2^bits)");
  for (std::size_t i = 0; i < from.rows(); ++i)
    require(std::all_of(from.row(i), from.row(i) + from.dimension(), [=](std::uint8_t code) { return code < levels; }),
            "codes must be below 2^bits");
  const Isa kernel = isa_of(isa);
  const gil_scoped_release released;
  for (std::size_t i = 0; i < from.rows(); ++i)
    lookup(bits, from.row(i), from.dimension(), words.row(i), to.row(i), kernel);
}

void norms_of(const py::array& x, const py::array& out, const std::string& isa) {
  const RowsView<const float> from = rows<const float>(x);
  const auto to = numbers<float>(out);
  require(to.size() == from.rows(), "out must be (rows,)");
  const Isa kernel = isa_of(isa);
  const gil_scoped_release released;
  for (std::size_t i = 0; i < from.rows(); ++i) to[i] = row_norm(from.row(i), from.dimension(), kernel);
}

template <class Number>
void widen_numbers(std::span<const Number> x, std::span<float> out, Isa isa) {
  require(x.size() == out.size(), "out must be as x");
  const gil_scoped_release released;
  widen(x.data(), x.size(), out.data(), isa);
}

void widen_flat(const py::array& x, const py::array& out, const std::string& isa) {
  if (holds<Float16>(x)) return widen_numbers(numbers<const Float16>(x), numbers<float>(out), isa_of(isa));
  widen_numbers(numbers<const BFloat16>(x), numbers<float>(out), isa_of(isa));
}

}  // namespace

void register_stages(py::module_& module) {
  py::module_ stages = module.def_submodule("stages");
  stages.def("hadamard_order", [](std::size_t dimension) {
    const HadamardOrder found = hadamard_order(dimension);
    return py::make_tuple(found.order, found.base, found.log2);
  });
  stages.def("is_hadamard_order", &is_hadamard_order);
  stages.def("base_matrix_entry", &base_matrix_entry);
  stages.def("sign_bits", [](std::uint64_t seed, const py::array& words) {
    const auto to = numbers<std::uint32_t>(words);
    if (!to.empty()) sign_bits(seed, to.size() * 32, to.data());
  });
  stages.def("dither_words", [](std::uint64_t seed, std::uint64_t first_row, const py::array& words) {
    const auto to = numbers<std::uint32_t>(words);
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = dither_word(seed, first_row + i);
  });
  stages.def("transform", &transform_rows);
  stages.def("thresholds", [](int bits, const py::array& words, const py::array& out, const std::string& isa) {
    tables(thresholds, bits, BitWidth(bits).levels() - 1, words, out, isa);
  });
  stages.def("codewords", [](int bits, const py::array& words, const py::array& out, const std::string& isa) {
    tables(codewords, bits, BitWidth(bits).levels(), words, out, isa);
  });
  stages.def("scale_thresholds", &scale);
  stages.def("quantize", &quantize_rows);
  stages.def("pack", &pack_rows);
  stages.def("unpack", &unpack_rows);
  stages.def("lookup", &lookup_rows);
  stages.def("row_norms", &norms_of);
  stages.def("norm_scale", &norm_scale);
  stages.def("widen", &widen_flat);
}

}  // namespace hdq::python
