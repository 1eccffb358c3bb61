// The formats of vectors that hdq reads and writes: the one table that messages, help and docs/vector-files.md come from.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace hdq::io {

enum class Format { npy, npz, safetensors, fvecs, bvecs, ivecs, raw };

// What a writer is given: rows of float32, or lists of row numbers.
enum class Content { vectors, row_numbers };

struct FormatInfo {
  Format format;
  const char* name;              // as --format takes it
  const char* extension;         // with its dot, in lower case; names may have it in any case
  const char* magic;             // what a file begins with, in words; "" if nothing tells
  const char* numbers;           // what it may hold
  const char* vectors_written;   // type of the numbers where vectors are written, "" if they are not
  const char* rows_written;      // the same of row numbers
};

std::span<const FormatInfo> formats();           // in the order of the enumeration
const FormatInfo& format_info(Format format);

std::optional<Format> format_of_word(std::string_view word);   // "npy", …: the column `name`
std::optional<Format> format_of_name(std::string_view name);   // by the end of a file's name, in any case

std::string readable_extensions();                   // ".npy, .npz, …"
std::string writable_extensions(Content content);    // ".npy, .fvecs, …"
std::string format_table();                          // the whole table, in Markdown

}  // namespace hdq::io
