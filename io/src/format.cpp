#include "hdq/io/format.hpp"

#include <algorithm>
#include <cctype>

namespace hdq::io {
namespace {

constexpr FormatInfo table[] = {
    {Format::npy, "npy", ".npy", "\\x93NUMPY", "numpy's integers, bool, float16/32/64; either byte order, C or Fortran order", "float32", "int64"},
    {Format::npz, "npz", ".npz", "PK", "one .npy array of the archive: x.npz:NAME", "", ""},
    {Format::safetensors, "safetensors", ".safetensors", "a length, then {", "one tensor: x.safetensors:NAME; F16, BF16, F32, F64, integers, BOOL", "float32", ""},
    {Format::fvecs, "fvecs", ".fvecs", "", "float32, each row after its length as int32", "float32", ""},
    {Format::bvecs, "bvecs", ".bvecs", "", "uint8, each row after its length as int32", "", ""},
    {Format::ivecs, "ivecs", ".ivecs", "", "int32, each row after its length as int32", "", "int32"},
    {Format::raw, "raw", ".raw", "", "numbers alone, of --dtype, --dim in a row", "float32", "int64"},
};

bool ends_with_any_case(std::string_view text, std::string_view tail) {
  const auto same = [](char a, char b) { return std::tolower(static_cast<unsigned char>(a)) == b; };
  return text.size() >= tail.size() && std::equal(tail.begin(), tail.end(), text.end() - static_cast<std::ptrdiff_t>(tail.size()),
                                                  [&](char lower, char c) { return same(c, lower); });
}

template <class Predicate>
std::string extensions(Predicate wanted) {
  std::string list;
  for (const FormatInfo& info : table) {
    if (!wanted(info)) continue;
    if (!list.empty()) list += ", ";
    list += info.extension;
  }
  return list;
}

}  // namespace

std::span<const FormatInfo> formats() { return table; }
const FormatInfo& format_info(Format format) { return table[static_cast<std::size_t>(format)]; }

std::optional<Format> format_of_word(std::string_view word) {
  for (const FormatInfo& info : table)
    if (word == info.name) return info.format;
  return std::nullopt;
}

std::optional<Format> format_of_name(std::string_view name) {
  for (const FormatInfo& info : table)
    if (ends_with_any_case(name, info.extension)) return info.format;
  return std::nullopt;
}

std::string readable_extensions() {
  return extensions([](const FormatInfo&) { return true; });
}

std::string writable_extensions(Content content) {
  return extensions([&](const FormatInfo& info) { return *(content == Content::vectors ? info.vectors_written : info.rows_written) != '\0'; });
}

std::string format_table() {
  const auto or_no = [](const char* type) { return *type == '\0' ? "no" : type; };
  std::string text = "| format | extension | begins with | holds | vectors written as | row numbers as |\n|--|--|--|--|--|--|\n";
  for (const FormatInfo& info : table) {
    text.append("| ").append(info.name).append(" | `").append(info.extension).append("` | ");
    if (*info.magic == '\0') text.append("anything");
    else text.append("`").append(info.magic).append("`");
    text.append(" | ").append(info.numbers).append(" | ").append(or_no(info.vectors_written)).append(" | ").append(or_no(info.rows_written)).append(" |\n");
  }
  return text;
}

}  // namespace hdq::io
