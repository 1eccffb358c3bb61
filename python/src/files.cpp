// Files of codes (hdq/files.py).
#include <algorithm>

#include "array.hpp"
#include "codec.hpp"
#include "hdq/file.hpp"

namespace hdq::python {
namespace {

using py::gil_scoped_release;

std::unique_ptr<FileWriter> create(const py::bytes& path, const Codec& codec, std::uint64_t rows,
                                   std::uint64_t first_row, const std::optional<py::array>& mean) {
  return std::make_unique<FileWriter>(std::string(path), FileHeader::make(codec, rows, first_row), mean_of(mean));
}

void write_rows(FileWriter& writer, const Codec& codec, const py::array& x) {
  with_rows(x, [&](const auto& view) {
    const gil_scoped_release released;
    writer.encode(codec, view);
  });
}

void write_codes(FileWriter& writer, const py::array& norms, const py::array& codes, std::uint64_t first_row) {
  const EncodedView from(numbers<const float>(norms), numbers<const std::uint8_t>(codes), first_row);
  const gil_scoped_release released;
  writer.append(from);
}

py::object mean_array(const FileReader& file) {
  if (!file.header().has_mean) return py::none();
  return py::array_t<float>(static_cast<py::ssize_t>(file.mean().size()), file.mean().data());
}

void read_rows(const FileReader& file, const Codec& codec, std::uint64_t begin, const py::array& out) {
  const RowsView<float> to = rows<float>(out);
  const gil_scoped_release released;
  file.decode(codec, begin, to);
}

// Rows begin, begin + 1, … as norms and codes, as many as there is room for.
void read_codes(const FileReader& file, std::uint64_t begin, const py::array& norms, const py::array& codes) {
  const EncodedBuffer to(numbers<float>(norms), numbers<std::uint8_t>(codes), 0);
  if (to.rows() > 0 && to.code_bytes() != file.header().code_bytes())
    throw py::value_error("codes of another length than the file's");
  const gil_scoped_release released;
  BlockReader reader(file);
  for (std::size_t done = 0; done < to.rows();) {
    const EncodedView some = reader.rows(begin + done, to.rows() - done);
    if (some.rows() == 0) throw InvalidArgument(file.path() + ": rows beyond the last");
    const EncodedBuffer here = to.slice(done, some.rows());
    std::ranges::copy(some.norms(), here.norms().begin());
    std::ranges::copy(some.codes(), here.codes().begin());
    done += some.rows();
  }
}

Done search_file(const FileReader& file, const Codec& codec, const py::array& queries, const std::string& metric,
                 const std::optional<py::array>& list, std::size_t k, bool filter, const py::array& indices,
                 const py::array& values) {
  const auto asked = rows<const float>(queries);
  const auto some = row_list<std::uint64_t>(list);
  std::vector<Neighbour> found;
  SearchStatistics done;
  {
    const gil_scoped_release released;
    const Scorer scorer(codec, asked, file.mean());
    const SearchOptions options{filter, &done};
    found = list.has_value() ? search(scorer, metric_of(metric), file, some, k, {}, options)
                             : search(scorer, metric_of(metric), file, k, {}, options);
  }
  store(found, indices, values);
  return {done.scanned, done.verified};
}

}  // namespace

void register_files(py::module_& module) {
  py::class_<FileWriter>(module, "FileWriter")
      .def(py::init(&create))
      .def("encode", &write_rows)
      .def("append", &write_codes)
      .def("commit", &FileWriter::commit, py::call_guard<gil_scoped_release>());
  py::class_<FileReader>(module, "FileReader")
      .def(py::init([](const py::bytes& path) { return std::make_unique<FileReader>(std::string(path)); }))
      .def_property_readonly("rows", [](const FileReader& file) { return file.header().rows; })
      .def_property_readonly("dimension", [](const FileReader& file) { return file.header().dimension; })
      .def_property_readonly("bits", [](const FileReader& file) { return file.header().bits; })
      .def_property_readonly("step", [](const FileReader& file) { return file.header().step; })
      .def_property_readonly("seed", [](const FileReader& file) { return file.header().seed; })
      .def_property_readonly("dither", [](const FileReader& file) { return dither_name(file.header().dither); })
      .def_property_readonly("first_row", [](const FileReader& file) { return file.header().first_row; })
      .def_property_readonly("rows_per_block", [](const FileReader& file) { return file.header().rows_per_block; })
      .def_property_readonly("bytes", &FileReader::bytes)
      .def_property_readonly("mean", &mean_array)
      .def("verify", &FileReader::verify, py::call_guard<gil_scoped_release>())
      .def("decode", &read_rows)
      .def("codes", &read_codes)
      .def("search", &search_file);
}

}  // namespace hdq::python
