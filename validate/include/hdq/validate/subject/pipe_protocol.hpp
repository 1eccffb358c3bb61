// The bytes of the pipe protocol (docs/pipe-protocol.md), apart from the process that they come from.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "hdq/validate/subject/subject.hpp"

namespace hdq::validate {

inline constexpr std::uint64_t protocol_version = 1;
inline constexpr std::size_t reply_header_bytes = 5 * 8;
inline constexpr std::size_t info_limit = std::size_t{1} << 20;  // bytes of the answer to operation 0

std::string call_message(const Request& request);  // 16 words, then the inputs
std::string info_message();                        // operation 0
std::size_t output_bytes(const Request& request);  // of an answer that is ok; save may have fewer

// The first reply_header_bytes of an answer. Outcome::protocol_error, with `detail`, if it is none or too long: more than body_limit
// and more than any message. Otherwise its outcome, and the bytes that follow.
struct ReplyHeader {
  Reply reply;
  std::size_t body_bytes = 0;
};
ReplyHeader parse_reply_header(const std::string& header, std::size_t body_limit);

// What came when nobody had asked.
std::string complaint_about_early_bytes(const std::string& bytes);

// The rest of an answer whose outcome is in `reply`: outputs as long as asked for, or a message as one printable line.
Reply parse_reply_body(const Request& request, Reply reply, const std::string& body);

// One line for people: other bytes than those of printable ASCII as dots.
std::string printable_ascii(const std::string& text, std::size_t limit);

// The answer to operation 0. Throws std::runtime_error, one printable line, for what is none; names are made printable.
SubjectInfo parse_subject_info(const std::string& json);

}  // namespace hdq::validate
