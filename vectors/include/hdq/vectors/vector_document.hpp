// Parts of a set of test vectors (docs/vectors.md): the blob of little-endian arrays, documents of numbered tests,
// and the spellings of exact numbers.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <vector>

#include "hdq/reference/numbers/ball.hpp"
#include "hdq/reference/scheme/vector_quantizer.hpp"

namespace hdq::vectors {

using Json = nlohmann::ordered_json;

// All arrays of some documents in one file; equal arrays are stored once.
class Blob {
 public:
  explicit Blob(std::string name) : name_(std::move(name)) {}

  // {"offset", "count", "type"}, type u1, u4, i4, f4 or f8.
  Json add(const std::vector<std::uint8_t>& values);
  Json add(const std::vector<std::uint32_t>& values);
  Json add(const std::vector<std::int32_t>& values);
  Json add(const std::vector<float>& values);
  Json add(const std::vector<double>& values);
  const std::string& name() const { return name_; }  // of its file
  const std::string& bytes() const { return bytes_; }

 private:
  Json place(const std::string& array, std::size_t count, const char* type);
  std::string name_, bytes_;
  std::map<std::string, std::size_t> offsets_;
};

enum class Expectation { valid, acceptable, invalid };

// One JSON file: groups of tests of one kind.
class Document {
 public:
  Document(std::string kind, std::string what, const Blob& blob)
      : kind_(std::move(kind)), what_(std::move(what)), blob_(blob.name()) {}

  void begin_group(Json fields);  // with "type" first
  // `fields` follow tcId, comment, flags, result. Flags are ids of defect classes.
  void add_test(const std::string& comment, const std::vector<std::string>& flags, Expectation result, Json fields);
  std::string file_name() const { return kind_ + ".json"; }
  std::string text() const;

 private:
  std::string kind_, what_, blob_;
  std::set<std::string> flags_;
  std::size_t tests_ = 0;
  std::vector<Json> groups_;
};

// ---- spellings ----
std::string hex(std::uint64_t value);                     // "0x1f"
std::string float_bits(float value);                      // the 32 bits: "0x3f800000"
std::string hex_float(double value);                      // exact, C99's %a normalised: "0x1.8p+1"
Json interval(const reference::Ball& ball, int bits = 96);  // [lower, upper], hexadecimal, rounded outward to `bits`
std::string hex_integer(const reference::Integer& value);  // "-0x1f"

// {"exponent", "mantissas"}: value j = mantissas[j]·2^exponent.
Json exact_values(const reference::ExactRotation<reference::Integer>& y);

// The double (float) nearest to the real number; throws std::logic_error if the enclosure does not determine it.
double nearest_double(const reference::Ball& ball);
float nearest_float(const reference::Ball& ball);

}  // namespace hdq::vectors
