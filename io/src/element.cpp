#include "hdq/io/element.hpp"

#include <bit>
#include <utility>

namespace hdq::io {
namespace {

static_assert(std::endian::native == std::endian::little);

struct Row {
  Element element;
  std::size_t bytes;
  const char* name;
};
constexpr Row rows[] = {
    {Element::boolean, 1, "bool"},     {Element::int8, 1, "int8"},       {Element::int16, 2, "int16"},
    {Element::int32, 4, "int32"},      {Element::int64, 8, "int64"},     {Element::uint8, 1, "uint8"},
    {Element::uint16, 2, "uint16"},    {Element::uint32, 4, "uint32"},   {Element::uint64, 8, "uint64"},
    {Element::float16, 2, "float16"},  {Element::bfloat16, 2, "bfloat16"}, {Element::float32, 4, "float32"},
    {Element::float64, 8, "float64"}};

// numpy's codes, with and without a size, after the character of byte order.
constexpr std::pair<std::string_view, Element> codes[] = {
    {"b1", Element::boolean}, {"?", Element::boolean},
    {"i1", Element::int8},    {"b", Element::int8},
    {"i2", Element::int16},   {"h", Element::int16},
    {"i4", Element::int32},   {"i", Element::int32},
    {"i8", Element::int64},   {"l", Element::int64},   {"q", Element::int64},   {"p", Element::int64},
    {"u1", Element::uint8},   {"B", Element::uint8},
    {"u2", Element::uint16},  {"H", Element::uint16},
    {"u4", Element::uint32},  {"I", Element::uint32},
    {"u8", Element::uint64},  {"L", Element::uint64},  {"Q", Element::uint64},  {"P", Element::uint64},
    {"f2", Element::float16}, {"e", Element::float16},
    {"f4", Element::float32}, {"f", Element::float32},
    {"f8", Element::float64}, {"d", Element::float64}};

// Names that numpy has besides those of `rows`, on a 64-bit machine; they take no character of byte order.
constexpr std::pair<std::string_view, Element> aliases[] = {
    {"bool8", Element::boolean},  {"bool_", Element::boolean},  {"byte", Element::int8},       {"short", Element::int16},
    {"intc", Element::int32},     {"int", Element::int64},      {"int_", Element::int64},      {"intp", Element::int64},
    {"longlong", Element::int64}, {"long", Element::int64},     {"ubyte", Element::uint8},     {"ushort", Element::uint16},
    {"uintc", Element::uint32},   {"uint", Element::uint64},    {"uintp", Element::uint64},    {"ulonglong", Element::uint64},
    {"ulong", Element::uint64},   {"half", Element::float16},   {"single", Element::float32},  {"double", Element::float64},
    {"float", Element::float64},  {"float_", Element::float64}};

}  // namespace

std::size_t element_bytes(Element element) { return rows[static_cast<std::size_t>(element)].bytes; }
const char* element_name(Element element) { return rows[static_cast<std::size_t>(element)].name; }
bool is_integer(Element element) { return element >= Element::int8 && element <= Element::uint64; }

std::optional<Storage> storage_of_dtype(std::string_view dtype) {
  for (const Row& row : rows)
    if (dtype == row.name) return Storage{row.element, false};
  for (const auto& [name, element] : aliases)
    if (dtype == name) return Storage{element, false};
  bool big = false;
  if (!dtype.empty() && std::string_view("<>=|").find(dtype.front()) != std::string_view::npos) {
    big = dtype.front() == '>';
    dtype.remove_prefix(1);
  }
  for (const auto& [code, element] : codes)
    if (dtype == code) return Storage{element, big && element_bytes(element) > 1};
  return std::nullopt;
}

}  // namespace hdq::io
