#include "safetensors.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "hdq/io/bad_input.hpp"
#include "hdq/io/text.hpp"
#include "members.hpp"

namespace hdq::io::detail {
namespace {

using nlohmann::json;

[[noreturn]] void reject(const std::string& what) { throw BadInput("invalid safetensors header: " + what); }

// Nesting and names are checked while parsing: the tree keeps one value of each name only.
json parse(std::string_view text) {
  constexpr int max_depth = 4;
  std::vector<std::set<std::string>> keys;
  const auto watch = [&](int depth, json::parse_event_t event, json& value) {
    if (depth > max_depth) reject("nested too deeply");
    if (event == json::parse_event_t::object_start) keys.emplace_back();
    if (event == json::parse_event_t::object_end) keys.pop_back();
    if (event == json::parse_event_t::key && !keys.back().insert(value.get<std::string>()).second) reject("two entries " + excerpt(value.get<std::string>()));
    return true;
  };
  try {
    return json::parse(text.begin(), text.end(), watch);
  } catch (const json::exception&) {
    reject("not JSON");
  }
}

std::vector<std::uint64_t> integers(const json& list, const std::string& name, const char* field) {
  if (!list.is_array()) reject(excerpt(name) + ": " + field);
  std::vector<std::uint64_t> values;
  for (const json& value : list) {
    if (!value.is_number_unsigned()) reject(excerpt(name) + ": " + field);
    values.push_back(value.get<std::uint64_t>());
  }
  return values;
}

Tensor tensor_of(const std::string& name, const json& fields) {
  for (const char* field : {"dtype", "shape", "data_offsets"})
    if (!fields.is_object() || fields.size() != 3 || !fields.contains(field)) reject(excerpt(name) + ": needs dtype, shape and data_offsets alone");
  if (!fields["dtype"].is_string()) reject(excerpt(name) + ": dtype");
  const std::vector<std::uint64_t> offsets = integers(fields["data_offsets"], name, "data_offsets");
  if (offsets.size() != 2 || offsets[1] < offsets[0]) reject(excerpt(name) + ": data_offsets");
  return {name, fields["dtype"].get<std::string>(), integers(fields["shape"], name, "shape"), offsets[0], offsets[1]};
}

constexpr std::pair<std::string_view, Element> dtypes[] = {
    {"BOOL", Element::boolean}, {"I8", Element::int8},     {"I16", Element::int16},    {"I32", Element::int32},
    {"I64", Element::int64},    {"U8", Element::uint8},    {"U16", Element::uint16},   {"U32", Element::uint32},
    {"U64", Element::uint64},   {"F16", Element::float16}, {"BF16", Element::bfloat16}, {"F32", Element::float32},
    {"F64", Element::float64}};

}  // namespace

std::vector<Tensor> parse_safetensors_header(std::string_view text) {
  const json header = parse(text);
  if (!header.is_object()) reject("not an object");
  std::vector<Tensor> tensors;
  for (const auto& [name, fields] : header.items())
    if (name != "__metadata__") tensors.push_back(tensor_of(name, fields));
  return tensors;
}

Storage storage_of_tensor(const Tensor& tensor) {
  for (const auto& [name, element] : dtypes)
    if (tensor.dtype == name) return {element, false};
  throw BadInput("dtype " + excerpt(tensor.dtype) + "; an integer type, BOOL, F16, BF16, F32 or F64 is needed");
}

const Tensor& find_tensor(const std::vector<Tensor>& tensors, const std::string& name) {
  const auto found = std::find_if(tensors.begin(), tensors.end(), [&](const Tensor& tensor) { return tensor.name == name; });
  if (!name.empty() && found != tensors.end()) return *found;
  std::vector<std::string> names;
  for (const Tensor& tensor : tensors) names.push_back(tensor.name);
  return tensors[only_member(name, "tensor", names)];
}

std::string safetensors_header(const std::string& name, std::uint64_t rows, std::uint64_t columns) {
  const nlohmann::ordered_json header = {
      {name, {{"dtype", "F32"}, {"shape", {rows, columns}}, {"data_offsets", {std::uint64_t{0}, rows * columns * sizeof(float)}}}}};
  std::string text;
  try {
    text = header.dump();
  } catch (const json::exception&) {
    throw BadInput("a tensor's name must be UTF-8");
  }
  text.append((8 - text.size() % 8) % 8, ' ');
  std::string length(8, '\0');
  for (std::size_t i = 0; i < 8; ++i) length[i] = static_cast<char>(std::uint64_t{text.size()} >> (8 * i) & 0xFF);
  return length + text;
}

}  // namespace hdq::io::detail
