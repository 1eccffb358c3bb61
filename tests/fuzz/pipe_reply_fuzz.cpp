// What a program behind a pipe answers: the header of an answer and its body, and what it says of itself. The input's first byte is the
// operation that was called, 0 for the question what it is; the rest is what it wrote, read as it is and with its
// length set right.
#include <algorithm>
#include <cstdint>
#include <cstring>

#include "fuzz.hpp"
#include "hdq/validate/subject/pipe_protocol.hpp"

namespace hdq::fuzz {
namespace {

using namespace hdq::validate;

void read_info(const std::string& answer) try {
  const SubjectInfo info = parse_subject_info(answer);
  require_line(info.name);
  require_line(info.version);
  require(info.operations != 0 && (info.operations >> operation_count) == 0 && (info.operations & 1) == 0, "operations that are none");
  require(info.bit_widths != 0 && (info.bit_widths & ~all_bit_widths) == 0, "bits that are none");
  require(info.variants >= 1 && info.variants <= largest_variant_count, "more variants than can be compared");
  require(info.max_dimension >= 1, "no dimension");
} catch (const std::runtime_error& error) {
  require_message(error.what(), "");
}

Request request_of(Operation operation) {
  Request request;
  request.operation = operation;
  request.rows = request.count = 3;
  request.output_bytes = {12};
  if (operation == Operation::encode || operation == Operation::load) request.output_bytes.push_back(6);
  if (operation == Operation::save) request.output_bytes = {64};
  return request;
}

void read_answer(const Request& request, const ReplyHeader& header, const std::string& body) {
  const Reply reply = parse_reply_body(request, header.reply, body);
  require_line(reply.detail);
  if (!reply.ok()) return;
  require(reply.outputs.size() == request.output_bytes.size(), "outputs that were not asked for");
  for (std::size_t i = 0; i < reply.outputs.size(); ++i) require(reply.outputs[i].size() == request.output_bytes[i], "an output of another length");
  require(request.operation != Operation::save || reply.size <= 64, "a file longer than asked for");
}

void read(std::uint32_t operation, const std::string& answer) {
  const Request request = request_of(static_cast<Operation>(operation));
  const std::size_t limit = operation == 0 ? info_limit : output_bytes(request);
  const ReplyHeader header = parse_reply_header(answer.substr(0, reply_header_bytes), limit);
  require_line(header.reply.detail);
  if (header.reply.outcome > Outcome::failed) return;
  require(header.body_bytes <= std::max<std::size_t>(limit, 4096), "more bytes than any answer has");
  if (answer.size() - reply_header_bytes < header.body_bytes) return;  // the reader waits for more
  const std::string body = answer.substr(reply_header_bytes, header.body_bytes);
  if (operation == 0 && header.reply.ok()) read_info(body);
  else read_answer(request, header, body);
}

}  // namespace
}  // namespace hdq::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace hdq::fuzz;
  if (size < 1 + reply_header_bytes) return 0;  // the reader waits for more
  const std::uint32_t operation = data[0] % operation_count;
  std::string answer(reinterpret_cast<const char*>(data) + 1, size - 1);
  read(operation, answer);
  const std::uint64_t body_bytes = answer.size() - reply_header_bytes;
  std::memcpy(answer.data() + reply_header_bytes - sizeof body_bytes, &body_bytes, sizeof body_bytes);
  read(operation, answer);
  return 0;
}
