#include "hdq/vectors/vector_document.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "hdq/validate/explain/defect.hpp"

namespace hdq::vectors {
namespace {

template <class Word>
void append_word(std::string& bytes, Word word) {
  for (std::size_t i = 0; i < sizeof(Word); ++i) bytes.push_back(static_cast<char>(word >> (8 * i)));
}

const char* result_name(Expectation result) {
  switch (result) {
    case Expectation::valid: return "valid";
    case Expectation::acceptable: return "acceptable";
    case Expectation::invalid: return "invalid";
  }
  throw std::logic_error("result");
}

// mantissa·2^exponent as hexadecimal with one digit before the point.
std::string hex_dyadic(const arf_struct* x) {
  if (arf_is_zero(x)) return "0x0p+0";
  if (!arf_is_finite(x)) throw std::logic_error("not a finite number");
  fmpz_t mantissa, exponent;
  fmpz_init(mantissa), fmpz_init(exponent);
  arf_get_fmpz_2exp(mantissa, exponent, x);
  reference::Integer m;
  fmpz_get_mpz(m.backend().data(), mantissa);
  long e = fmpz_get_si(exponent);
  fmpz_clear(mantissa), fmpz_clear(exponent);
  const bool negative = m < 0;
  if (negative) m = -m;
  // The leading digit is 1: shift until the other bits fill whole digits.
  const auto fraction_bits = static_cast<long>(boost::multiprecision::msb(m));
  const long padding = (4 - fraction_bits % 4) % 4;
  m <<= padding;
  e -= padding;
  std::string digits = m.str(0, std::ios_base::hex);
  for (char& c : digits) c = static_cast<char>(std::tolower(c));
  return fmt::format("{}0x{}{}{}p{:+d}", negative ? "-" : "", digits[0], digits.size() > 1 ? "." : "", digits.substr(1),
                     e + 4 * static_cast<long>(digits.size() - 1));
}

template <class Round>
auto nearest(const reference::Ball& ball, const Round& round) {
  reference::Precision precision(400);
  const auto low = round(ball.lower_end()), high = round(ball.upper_end());
  if (low != high) throw std::logic_error("the enclosure is too wide to round");
  return low;
}

}  // namespace

// ---- blob ----

Json Blob::place(const std::string& array, std::size_t count, const char* type) {
  auto [found, inserted] = offsets_.try_emplace(array, 0);
  if (inserted) {
    while (bytes_.size() % 8 != 0) bytes_.push_back('\0');  // so that any element is aligned
    found->second = bytes_.size();
    bytes_ += array;
  }
  return {{"offset", found->second}, {"count", count}, {"type", type}};
}

Json Blob::add(const std::vector<std::uint8_t>& values) {
  return place(std::string(values.begin(), values.end()), values.size(), "u1");
}
Json Blob::add(const std::vector<std::uint32_t>& values) {
  std::string bytes;
  for (const std::uint32_t v : values) append_word(bytes, v);
  return place(bytes, values.size(), "u4");
}
Json Blob::add(const std::vector<std::int32_t>& values) {
  std::string bytes;
  for (const std::int32_t v : values) append_word(bytes, static_cast<std::uint32_t>(v));
  return place(bytes, values.size(), "i4");
}
Json Blob::add(const std::vector<float>& values) {
  std::string bytes;
  for (const float v : values) append_word(bytes, std::bit_cast<std::uint32_t>(v));
  return place(bytes, values.size(), "f4");
}
Json Blob::add(const std::vector<double>& values) {
  std::string bytes;
  for (const double v : values) append_word(bytes, std::bit_cast<std::uint64_t>(v));
  return place(bytes, values.size(), "f8");
}

// ---- documents ----

namespace {

// Flags are the classes that were reported of somebody's kernel.
const validate::DefectClass& reported_class(const std::string& flag) {
  const validate::DefectClass* found = validate::find_defect_class(flag);
  if (found == nullptr || found->reports.empty()) throw std::invalid_argument(flag + " is no reported defect class");
  return *found;
}

}  // namespace

void Document::begin_group(Json fields) {
  fields["tests"] = Json::array();
  groups_.push_back(std::move(fields));
}

void Document::add_test(const std::string& comment, const std::vector<std::string>& flags, Expectation result, Json fields) {
  Json test = {{"tcId", ++tests_}, {"comment", comment}, {"flags", flags}, {"result", result_name(result)}};
  for (const std::string& flag : flags) flags_.insert(std::string(reported_class(flag).id));
  test.update(fields);
  groups_.at(groups_.size() - 1)["tests"].push_back(std::move(test));
}

std::string Document::text() const {
  Json notes = Json::object();
  for (const std::string& flag : flags_) {
    const validate::DefectClass& defect = reported_class(flag);
    notes[flag] = {{"bugType", std::string(defect.meaning)}, {"seen", std::string(defect.reports)}};
  }
  Json document = {{"schema", "vectors.schema.json"},
                   {"kind", kind_},
                   {"format", 1},
                   {"what", what_},
                   {"provenance",
                    "computed in real arithmetic by hdq's reference; each test checked against the float32 "
                    "implementation when made"},
                   {"blob", blob_},
                   {"notes", notes},
                   {"numberOfTests", tests_}};
  // A test per line: readable, and a change shows as the tests it touches.
  std::string text = document.dump(1);
  text.erase(text.size() - 2);  // "\n}"
  text += ",\n \"testGroups\": [";
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    Json fields = groups_[g];
    const Json tests = fields["tests"];
    fields.erase("tests");
    std::string head = fields.dump();
    head.pop_back();
    text += fmt::format("{}\n  {}, \"tests\": [", g == 0 ? "" : ",", head);
    for (std::size_t t = 0; t < tests.size(); ++t) text += fmt::format("{}\n   {}", t == 0 ? "" : ",", tests[t].dump());
    text += "]}";
  }
  return text + "\n ]\n}\n";
}

// ---- spellings ----

std::string hex(std::uint64_t value) { return fmt::format("0x{:x}", value); }
std::string float_bits(float value) { return fmt::format("0x{:08x}", std::bit_cast<std::uint32_t>(value)); }
std::string hex_float(double value) { return hex_dyadic(arb_midref(reference::Ball(value).get())); }

Json interval(const reference::Ball& ball, int bits) {
  reference::Precision precision(bits);
  return Json::array({hex_dyadic(arb_midref(ball.lower_end().get())), hex_dyadic(arb_midref(ball.upper_end().get()))});
}

std::string hex_integer(const reference::Integer& value) {
  const reference::Integer magnitude = value < 0 ? reference::Integer(-value) : value;
  std::string digits = magnitude.str(0, std::ios_base::hex);
  for (char& c : digits) c = static_cast<char>(std::tolower(c));
  return fmt::format("{}0x{}", value < 0 ? "-" : "", digits);
}

Json exact_values(const reference::ExactRotation<reference::Integer>& y) {
  Json mantissas = Json::array();
  for (const reference::Integer& mantissa : y.mantissas) mantissas.push_back(hex_integer(mantissa));
  return {{"exponent", y.exponent}, {"mantissas", std::move(mantissas)}};
}

double nearest_double(const reference::Ball& ball) {
  return nearest(ball, [](const reference::Ball& end) { return arf_get_d(arb_midref(end.get()), ARF_RND_NEAR); });
}

float nearest_float(const reference::Ball& ball) {
  return nearest(ball, [](const reference::Ball& end) {
    // MPFR rounds to any format, subnormal numbers included.
    mpfr_t x;
    mpfr_init2(x, 512);
    arf_get_mpfr(x, arb_midref(end.get()), MPFR_RNDN);
    const float value = mpfr_get_flt(x, MPFR_RNDN);
    mpfr_clear(x);
    return value;
  });
}

}  // namespace hdq::vectors
