#include "hdq/figures/codebook_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <vector>

#include "hdq/figures/usage_error.hpp"
#include "hdq/io/format.hpp"
#include "hdq/io/input.hpp"
#include "hdq/io/npy.hpp"
#include "hdq/io/text.hpp"
#include "hdq/io/vector_reader.hpp"
#include "hdq/reference/numbers/real.hpp"

namespace hdq::figures {
namespace {

using io::BadInput, io::VectorReader;
using nlohmann::json;
using reference::Codebook;
using reference::Rational;

constexpr std::size_t longest_number = 200;

// A finite number of reasonable size; `what` names the entry.
Rational number(const std::string& text, const std::string& what) {
  const auto fail = [&](const char* why) {
    return std::invalid_argument(fmt::format("{}: {} {}", what, io::excerpt(text), why));
  };
  if (text.size() > longest_number) throw fail("is longer than any number needs to be");
  const std::size_t exponent = text.find_first_of("eE");
  // What the exponent says, before it is a power of ten.
  if (exponent != std::string::npos && text.size() - exponent > 5) throw fail("is beyond 1e+-100");
  Rational value;
  try {
    if (text.find('/') != std::string::npos) throw std::invalid_argument("a fraction");
    value = reference::parse_rational(text);
  } catch (const std::invalid_argument&) {
    throw fail("is not a finite decimal number");
  }
  static const Rational most = reference::parse_rational("1e100");
  if (value != 0 && (abs(value) > most || abs(value) * most < 1)) throw fail("is beyond 1e+-100");
  return value;
}

Rational number(double value, const std::string& what) {
  if (!std::isfinite(value))
    throw std::invalid_argument(fmt::format("{}: {} is not a finite decimal number", what, value));
  if (value != 0 && (std::abs(value) > 1e100 || std::abs(value) < 1e-100))
    throw std::invalid_argument(fmt::format("{}: {} is beyond 1e+-100", what, value));
  return Rational(value);
}

std::string centroid(std::size_t index) { return fmt::format("centroid {}", index); }

void check_count(std::size_t count) {
  if (count > Codebook::max_levels)
    throw std::invalid_argument(fmt::format("more than {} centroids", Codebook::max_levels));
}

// ---- text ----

Codebook parse_text(std::string_view text) {
  Codebook codebook;
  constexpr std::string_view separators = " \t\r\n,;";
  std::size_t at = 0;
  while (at < text.size()) {
    if (separators.find(text[at]) != std::string_view::npos) {
      ++at;
    } else if (text[at] == '#') {
      at = std::min(text.find('\n', at), text.size());
    } else {
      const std::size_t end = std::min(text.find_first_of(" \t\r\n,;#", at), text.size());
      std::string word(text.substr(at, end - at));
      if (word.size() > 1 && (word.back() == 'f' || word.back() == 'F') &&
          word.find_first_of("nN") == std::string::npos)
        word.pop_back();
      codebook.codewords.push_back(number(word, centroid(codebook.codewords.size())));
      check_count(codebook.codewords.size());
      at = end;
    }
  }
  return codebook;
}

// ---- JSON: read as events, so that decimals stay as they are printed ----

class JsonCodebook : public json::json_sax_t {
 public:
  Codebook result;
  std::string unit;

  bool null() override { return refuse("null"); }
  bool boolean(bool) override { return refuse("true or false"); }
  bool number_integer(json::number_integer_t value) override { return take(std::to_string(value)); }
  bool number_unsigned(json::number_unsigned_t value) override { return take(std::to_string(value)); }
  bool number_float(json::number_float_t, const std::string& text) override { return take(text); }
  bool string(std::string& text) override {
    if (list_ != nullptr) return refuse(io::excerpt(text));
    if (key_ == "unit")
      unit = text;
    else if (key_ == "tie" && text == "up")
      result.tie = Codebook::Tie::up;
    else if (key_ == "tie" && text == "down")
      result.tie = Codebook::Tie::down;
    else if (key_ == "tie")
      throw std::invalid_argument("tie: \"up\" or \"down\"");
    else if (key_ != "name" && key_ != "source" && key_ != "comment")
      return refuse(io::excerpt(text));
    return true;
  }
  bool binary(json::binary_t&) override { return refuse("bytes"); }
  bool start_object(std::size_t) override {
    if (depth_++ > 0) return refuse("an object");
    return true;
  }
  bool key(std::string& text) override {
    key_ = text;
    for (const char* known : {"centroids", "thresholds", "unit", "tie", "name", "source", "comment"}) {
      if (text == known) return true;
    }
    throw std::invalid_argument(fmt::format("no such key: {}", io::excerpt(text)));
  }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override {
    if (list_ != nullptr || (depth_ > 0 && key_ != "centroids" && key_ != "thresholds")) return refuse("an array");
    list_ = key_ == "thresholds" ? &result.thresholds : &result.codewords;
    if (!list_->empty()) throw std::invalid_argument(fmt::format("{} twice", key_));
    ++depth_;
    return true;
  }
  bool end_array() override {
    list_ = nullptr;
    return true;
  }
  bool parse_error(std::size_t position, const std::string&, const json::exception&) override {
    throw std::invalid_argument(fmt::format("not JSON, at byte {}", position));
  }

 private:
  std::string entry() const {
    if (list_ == nullptr) return key_.empty() ? "JSON" : key_;
    return list_ == &result.thresholds ? fmt::format("threshold {}", list_->size() + 1) : centroid(list_->size());
  }
  bool refuse(const std::string& what) const {
    throw std::invalid_argument(fmt::format("{}: {} is not a finite decimal number", entry(), what));
  }
  bool take(const std::string& text) {
    if (list_ == nullptr && key_ == "unit") return unit = text, true;
    if (list_ == nullptr) throw std::invalid_argument(fmt::format("{}: a number is out of place", entry()));
    list_->push_back(number(text, entry()));
    check_count(list_->size());
    return true;
  }

  int depth_ = 0;
  std::string key_;
  std::vector<Rational>* list_ = nullptr;
};

Codebook parse_json(const std::string& text, std::string& unit) {
  JsonCodebook events;
  json::sax_parse(text, &events);
  unit = events.unit;
  return std::move(events.result);
}

// ---- .npy and files of vectors ----

Codebook from_floats(const std::vector<float>& values) {
  check_count(values.size());
  Codebook codebook;
  for (const float value : values)
    codebook.codewords.push_back(number(static_cast<double>(value), centroid(codebook.codewords.size())));
  return codebook;
}

Codebook read_vectors(const std::string& name) {
  const VectorReader file(name);
  if (file.rows() > Codebook::max_levels || file.rows() * file.dimension() > Codebook::max_levels) {
    throw std::invalid_argument(fmt::format("more than {} centroids", Codebook::max_levels));
  }
  return from_floats(file.read_all());
}

// float64, which files of vectors are rounded from.
Codebook parse_npy_doubles(std::string_view bytes, const io::NpyHeader& header, std::size_t offset) {
  std::size_t count = 1;
  for (const std::uint64_t length : header.shape) {
    if (length > Codebook::max_levels || count > Codebook::max_levels) check_count(Codebook::max_levels + 1);
    count *= length;
  }
  check_count(count);
  if (bytes.size() - offset < 8 * count) throw std::invalid_argument("cut short");
  Codebook codebook;
  for (std::size_t i = 0; i < count; ++i) {
    char word[8];
    std::memcpy(word, bytes.data() + offset + 8 * i, 8);
    if (header.storage.big_endian) std::reverse(word, word + 8);
    double value;
    std::memcpy(&value, word, 8);
    codebook.codewords.push_back(number(value, centroid(i)));
  }
  return codebook;
}

Codebook parse_npy(const std::string& name, const std::string& bytes) {
  try {
    const io::NpyPrefix prefix = io::parse_npy_prefix(std::string_view(bytes).substr(0, 12));
    if (prefix.header_bytes > bytes.size() || prefix.header_offset > bytes.size() - prefix.header_bytes)
      throw BadInput("cut short");
    const io::NpyHeader header =
        io::parse_npy_header(prefix.version, std::string_view(bytes).substr(prefix.header_offset, prefix.header_bytes));
    if (header.storage.element == io::Element::float64)
      return parse_npy_doubles(bytes, header, prefix.header_offset + prefix.header_bytes);
  } catch (const BadInput& bad) {
    throw std::invalid_argument(bad.what());
  }
  if (name == "-") throw std::invalid_argument(".npy from standard input is float64; write others to a file");
  return read_vectors(name);
}

Codebook parse(const std::string& name, std::string& unit) {
  const auto format = io::format_of_name(io::split_member(name).first);
  if (format && *format != io::Format::npy) return read_vectors(name);
  const std::string bytes = io::read_text(name, codebook_bytes);
  if (bytes.starts_with(io::npy_magic)) return parse_npy(name, bytes);
  const std::size_t first = bytes.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && (bytes[first] == '{' || bytes[first] == '[')) return parse_json(bytes, unit);
  return parse_text(bytes);
}

}  // namespace

Codebook read_codebook(const std::string& name, const std::string& unit) {
  const std::string shown = name == "-" ? "standard input" : io::printable(name);
  std::string own_unit;
  Codebook codebook;
  try {
    codebook = parse(name, own_unit);
    if (!own_unit.empty() && unit.empty()) codebook.unit = reference::CodebookUnit::parse(own_unit);
    codebook.check();
  } catch (const std::invalid_argument& bad) {
    throw BadInput(fmt::format("{}: {}", shown, bad.what()));
  }
  if (unit.empty()) return codebook;
  try {
    codebook.unit = reference::CodebookUnit::parse(unit);
  } catch (const std::invalid_argument& bad) {
    throw UsageError(fmt::format("--unit: {}", bad.what()));
  }
  return codebook;
}

}  // namespace hdq::figures
