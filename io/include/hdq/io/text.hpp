// Text from outside (names of files, of tensors, of kernels) made fit to print: one line, valid UTF-8, nothing that moves a cursor.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace hdq::io {

bool is_utf8(std::string_view text);

// UTF-8 as it is, but \n, \t, \r and \xHH for each byte of a control character (C0, DEL, C1), of a line separator, of a
// character that changes the direction of writing, and of what is not UTF-8. printable(printable(t)) == printable(t).
std::string printable(std::string_view text);

// The beginning and the end of a long text, "…" between them: at most `limit` bytes (limit >= 16), cut between characters.
// The text must be valid UTF-8.
std::string shortened(std::string_view text, std::size_t limit);

// Both, for a value that a user gave: at most 60 bytes.
inline std::string excerpt(std::string_view text) { return shortened(printable(text), 60); }

}  // namespace hdq::io
