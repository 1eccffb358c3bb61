// The stages one by one (hdq/stages.py): arrays of rows, C-contiguous, of the lengths that Python has made sure of.
#include "hdq/stages.hpp"

#include "array.hpp"
#include "codec.hpp"

namespace hdq::python {
namespace {

void transform_rows(const py::array& x, const std::optional<py::array>& signs, bool transposed,
                    const std::string& isa) {
  const RowsView<float> to = rows<float>(x);
  const std::uint32_t* words = nullptr;
  if (signs.has_value()) {
    if (numbers<const std::uint32_t>(*signs).size() < (to.dimension() + 31) / 32)
      throw py::value_error("too few signs");
    words = numbers<const std::uint32_t>(*signs).data();
  }
  const Isa kernel = isa_of(isa);
  const py::gil_scoped_release released;
  for (std::size_t i = 0; i < to.rows(); ++i)
    (transposed ? transform_transposed : transform)(to.row(i), to.dimension(), words, kernel);
}

using TableOf = void (*)(BitWidth bits, std::uint32_t word, double* out, Isa isa);

void tables(TableOf table_of, BitWidth bits, std::size_t length, const py::array& words, const py::array& out,
            const std::string& isa) {
  const auto from = numbers<const std::uint32_t>(words);
  const auto to = numbers<double>(out);
  if (to.size() != from.size() * length) throw py::value_error("out must be (words, length)");
  for (std::size_t i = 0; i < from.size(); ++i) table_of(bits, from[i], to.data() + i * length, isa_of(isa));
}

void scale(int bits, const py::array& theta, const py::array& norms, const py::array& out) {
  const RowsView<const double> from = rows<const double>(theta);
  const RowsView<float> to = rows<float>(out);
  const auto lengths = numbers<const float>(norms);
  const std::size_t count = BitWidth(bits).levels() - 1;
  if (from.dimension() != count || to.dimension() != count || from.rows() != lengths.size() ||
      to.rows() != lengths.size())
    throw py::value_error("thresholds must be (norms, 2^bits - 1)");
  for (std::size_t i = 0; i < to.rows(); ++i) scale_thresholds(bits, from.row(i), lengths[i], to.row(i));
}

void quantize_rows(int bits, const py::array& y, const py::array& scaled, const py::array& out,
                   const std::string& isa) {
  const RowsView<const float> from = rows<const float>(y), limits = rows<const float>(scaled);
  const RowsView<std::uint8_t> to = rows<std::uint8_t>(out);
  if (limits.dimension() != BitWidth(bits).levels() - 1 || limits.rows() != from.rows() || to.rows() != from.rows() ||
      to.dimension() != from.dimension())
    throw py::value_error("scaled thresholds must be (rows, 2^bits - 1)");
  for (std::size_t i = 0; i < from.rows(); ++i)
    quantize(bits, from.row(i), from.dimension(), limits.row(i), to.row(i), isa_of(isa));
}

void pack_rows(int bits, const py::array& codes, const py::array& bytes, bool unpacks, const std::string& isa) {
  const auto longer =
      unpacks ? RowsView<const std::uint8_t>(rows<std::uint8_t>(codes)) : rows<const std::uint8_t>(codes);
  const auto shorter =
      unpacks ? rows<const std::uint8_t>(bytes) : RowsView<const std::uint8_t>(rows<std::uint8_t>(bytes));
  const std::size_t count = longer.dimension(), width = static_cast<std::size_t>(BitWidth(bits));
  if (longer.rows() != shorter.rows() || shorter.dimension() != (count * width + 7) / 8)
    throw py::value_error("bytes of another length");
  for (std::size_t i = 0; i < longer.rows(); ++i)
    if (unpacks)
      unpack(bits, shorter.row(i), count, rows<std::uint8_t>(codes).row(i), isa_of(isa));
    else
      pack(bits, longer.row(i), count, rows<std::uint8_t>(bytes).row(i), isa_of(isa));
}

void lookup_rows(int bits, const py::array& codes, const py::array& codewords32, const py::array& out,
                 const std::string& isa) {
  const RowsView<const std::uint8_t> from = rows<const std::uint8_t>(codes);
  const RowsView<const float> words = rows<const float>(codewords32);
  const RowsView<float> to = rows<float>(out);
  const std::size_t levels = BitWidth(bits).levels();
  if (words.dimension() != levels || words.rows() != from.rows() || to.rows() != from.rows() ||
      to.dimension() != from.dimension())
    throw py::value_error("codewords must be (rows, 2^bits)");
  for (std::size_t i = 0; i < from.rows(); ++i) {
    for (std::size_t j = 0; j < from.dimension(); ++j)
      if (from.row(i)[j] >= levels) throw py::value_error("codes must be below 2^bits");
    lookup(bits, from.row(i), from.dimension(), words.row(i), to.row(i), isa_of(isa));
  }
}

void norms_of(const py::array& x, const py::array& out, const std::string& isa) {
  const RowsView<const float> from = rows<const float>(x);
  const auto to = numbers<float>(out);
  if (to.size() != from.rows()) throw py::value_error("out must be (rows,)");
  for (std::size_t i = 0; i < from.rows(); ++i) to[i] = row_norm(from.row(i), from.dimension(), isa_of(isa));
}

void widen_flat(const py::array& x, const py::array& out, const std::string& isa) {
  const auto to = numbers<float>(out);
  if (static_cast<std::size_t>(x.size()) != to.size()) throw py::value_error("out must be as x");
  if (holds<Float16>(x))
    widen(numbers<const Float16>(x).data(), to.size(), to.data(), isa_of(isa));
  else
    widen(numbers<const BFloat16>(x).data(), to.size(), to.data(), isa_of(isa));
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
  stages.def("pack", [](int bits, const py::array& codes, const py::array& bytes, const std::string& isa) {
    pack_rows(bits, codes, bytes, false, isa);
  });
  stages.def("unpack", [](int bits, const py::array& bytes, const py::array& codes, const std::string& isa) {
    pack_rows(bits, codes, bytes, true, isa);
  });
  stages.def("lookup", &lookup_rows);
  stages.def("row_norms", &norms_of);
  stages.def("norm_scale", &norm_scale);
  stages.def("widen", &widen_flat);
}

}  // namespace hdq::python
