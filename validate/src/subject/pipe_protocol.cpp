#include "hdq/validate/subject/pipe_protocol.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "hdq/io/text.hpp"

namespace hdq::validate {
namespace {

constexpr std::size_t request_words = 16, word_bytes = 8, message_limit = 4096;
constexpr char call_magic[] = "HDQCALL1", reply_magic[] = "HDQREPLY";

void append_word(std::string& bytes, std::uint64_t word) {
  for (std::size_t i = 0; i < word_bytes; ++i) bytes.push_back(static_cast<char>(word >> (8 * i)));
}

std::uint64_t word_at(const std::string& bytes, std::size_t index) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < word_bytes; ++i) {
    word |= std::uint64_t{static_cast<std::uint8_t>(bytes[index * word_bytes + i])} << (8 * i);
  }
  return word;
}

std::string no_reply(const std::string& bytes) {
  return "the answer begins with \"" + printable_ascii(bytes, bytes.size()) + "\", not with HDQREPLY; is something printed to standard output?";
}

Reply protocol_error(const std::string& what) {
  Reply reply;
  reply.outcome = Outcome::protocol_error;
  reply.detail = what;
  return reply;
}

// ---- what a kernel says of itself ----

using nlohmann::json;

[[noreturn]] void reject(const std::string& what) { throw std::runtime_error(what); }

// A JSON number is converted only where the type holds it: the library casts.
template <class Integer>
Integer integer(const json& value, const char* name, Integer least, Integer most) {
  const auto fail = [&] { reject(std::string("\"") + name + "\" is no integer from " + std::to_string(least) + " to " + std::to_string(most)); };
  if (!value.is_number_integer()) fail();
  if (!value.is_number_unsigned() && value.get<std::int64_t>() < 0) fail();
  const auto given = value.get<std::uint64_t>();
  if (given < least || given > most) fail();
  return static_cast<Integer>(given);
}

std::string text(const json& value, const char* name) {
  if (!value.is_string()) reject(std::string("\"") + name + "\" is no text");
  return io::shortened(io::printable(value.get<std::string>()), 200);
}

Promise promise(const json& value) {
  constexpr std::pair<const char*, Promise> promises[] = {
      {"own-scheme", Promise::own_scheme}, {"conformant", Promise::conformant}, {"bit-exact", Promise::bit_exact}};
  for (const auto& [name, meaning] : promises)
    if (value == name) return meaning;
  reject("\"promise\" is none of own-scheme, conformant, bit-exact");
}

std::uint32_t operations(const json& list) {
  if (!list.is_array()) reject("\"operations\" is no list");
  std::uint32_t offered = 0;
  for (const json& name : list) {
    std::uint32_t value = 1;
    while (value < operation_count && name != operation_name(static_cast<Operation>(value))) ++value;
    if (value == operation_count) reject("there is no operation " + io::excerpt(name.is_string() ? name.get<std::string>() : name.dump()));
    offered |= std::uint32_t{1} << value;
  }
  return offered;
}

void read_schemes(const json& fields, SubjectInfo& info) {
  if (const auto schemes = fields.find("schemes"); schemes != fields.end()) {
    if (!schemes->is_array() || schemes->empty()) reject("\"schemes\" is no list, or empty");
    info.schemes = 0;
    for (const json& name : *schemes) {
      if (name == "fixed-rate")
        info.schemes |= HDQ_KERNEL_FIXED_RATE;
      else if (name == "entropy-coded")
        info.schemes |= HDQ_KERNEL_ENTROPY_CODED;
      else
        reject("\"schemes\" has another name than fixed-rate, entropy-coded");
    }
  }
  if (const auto steps = fields.find("steps"); steps != fields.end()) {
    if (!steps->is_array() || steps->empty()) reject("\"steps\" is no list, or empty");
    for (const json& step : *steps) {
      if (!step.is_number()) reject("\"steps\" has what is no number");
      const double value = step.get<double>();
      if (!(value >= static_cast<double>(least_step) && value <= static_cast<double>(greatest_step)))
        reject("\"steps\" has a number that is none from 2^-10 to 16");
      info.steps.push_back(static_cast<float>(value));
    }
  }
}

void read_claims(const json& claims, SubjectInfo& info) {
  if (!claims.is_object()) reject("\"claimed_error\" is no object");
  for (const auto& [bits, error] : claims.items()) {
    const bool width = bits.size() == 1 && bits[0] >= '1' && bits[0] - '0' <= HDQ_KERNEL_MAX_BITS;
    if (!width || !error.is_number()) reject(fmt::format("\"claimed_error\" has numbers for bits 1 to {}", HDQ_KERNEL_MAX_BITS));
    info.claimed_error[bits[0] - '0'] = error.get<double>();
  }
}

}  // namespace

std::string call_message(const Request& r) {
  std::uint64_t input_bytes = 0;
  for (const auto& input : r.inputs) input_bytes += input.size();
  const auto output = [&](std::size_t i) { return i < r.output_bytes.size() ? r.output_bytes[i] : 0; };
  std::string message(call_magic, word_bytes);
  for (const std::uint64_t word :
       {std::uint64_t{static_cast<std::uint32_t>(r.operation)}, r.config.dimension, r.config.order, r.config.seed,
        std::uint64_t{r.config.step != 0 ? 0 : r.config.bits}, std::uint64_t{r.config.threads},
        std::uint64_t{r.config.variant}, r.first_row, r.rows, r.count, std::uint64_t{r.word}, output(0), output(1),
        input_bytes, std::uint64_t{std::bit_cast<std::uint32_t>(r.config.step)}}) {
    append_word(message, word);
  }
  for (const auto& input : r.inputs) message.append(input.begin(), input.end());
  return message;
}

std::size_t output_bytes(const Request& request) {
  std::size_t sum = 0;
  for (const std::uint64_t bytes : request.output_bytes) sum += static_cast<std::size_t>(bytes);
  return sum;
}

std::string info_message() {
  std::string message(call_magic, word_bytes);
  for (std::size_t i = 1; i < request_words; ++i) append_word(message, i == 11 ? protocol_version : 0);
  return message;
}

std::string printable_ascii(const std::string& text, std::size_t limit) {
  std::string shown;
  for (const char c : text.substr(0, limit)) shown += c >= ' ' && c <= '~' ? c : '.';
  return shown;
}

std::string complaint_about_early_bytes(const std::string& bytes) {
  if (bytes.compare(0, word_bytes, reply_magic, std::min(bytes.size(), word_bytes)) == 0) return "it answers before it is asked";
  return no_reply(bytes);
}

ReplyHeader parse_reply_header(const std::string& header, std::size_t body_limit) {
  if (header.compare(0, word_bytes, reply_magic, word_bytes) != 0) {
    return {protocol_error(no_reply(header)), 0};
  }
  const std::uint64_t status = word_at(header, 1), body_bytes = word_at(header, 4);
  if (status > 3) return {protocol_error("the answer has status " + std::to_string(status)), 0};
  if (body_bytes > std::max(body_limit, message_limit)) {
    return {protocol_error("the answer has " + std::to_string(body_bytes) + " bytes, not " + std::to_string(body_limit)), 0};
  }
  ReplyHeader parsed;
  parsed.reply.outcome = static_cast<Outcome>(status);
  parsed.reply.row = word_at(header, 2);
  parsed.reply.column = word_at(header, 3);
  parsed.body_bytes = static_cast<std::size_t>(body_bytes);
  return parsed;
}

Reply parse_reply_body(const Request& request, Reply reply, const std::string& body) {
  if (!reply.ok()) {
    reply.detail = printable_ascii(body, 200);
    return reply;
  }
  const std::size_t expected = output_bytes(request);
  // Of a file, and of a stream behind its raw bits, the length is the kernel's.
  const bool file = request.operation == Operation::save, stream = request.operation == Operation::put_row;
  const std::size_t before = stream ? static_cast<std::size_t>(request.output_bytes.front()) : 0;
  const bool shorter = (file || stream) && body.size() >= before && body.size() <= expected;
  if (!shorter && body.size() != expected) {
    return protocol_error("the answer has " + std::to_string(body.size()) + " bytes of output, not " + std::to_string(expected));
  }
  if (file || stream) reply.size = body.size() - before;
  std::size_t offset = 0;
  for (const std::uint64_t bytes : request.output_bytes) {
    std::vector<std::uint8_t> output(static_cast<std::size_t>(bytes));
    const std::string_view part = std::string_view(body).substr(std::min(offset, body.size()), output.size());
    std::copy(part.begin(), part.end(), output.begin());
    offset += output.size();
    reply.outputs.push_back(std::move(output));
  }
  return reply;
}

SubjectInfo parse_subject_info(const std::string& answer) {
  const json fields = json::parse(answer, nullptr, false);
  if (fields.is_discarded() || !fields.is_object()) reject("no JSON object");
  for (const char* name : {"name", "promise", "operations"})
    if (!fields.contains(name)) reject(std::string("no \"") + name + "\"");
  SubjectInfo info;
  info.name = text(fields["name"], "name");
  if (fields.contains("version")) info.version = text(fields["version"], "version");
  info.promise = promise(fields["promise"]);
  info.operations = operations(fields["operations"]);
  if (const auto widths = fields.find("bits"); widths == fields.end()) {
    info.bit_widths = all_bit_widths;
  } else {
    if (!widths->is_array()) reject("\"bits\" is no list");
    for (const json& bits : *widths) info.bit_widths |= std::uint32_t{1} << integer(bits, "bits", 1u, std::uint32_t{HDQ_KERNEL_MAX_BITS});
  }
  if (info.bit_widths == 0 || info.operations == 0) reject("it offers nothing");
  if (fields.contains("max_dimension")) info.max_dimension = integer(fields["max_dimension"], "max_dimension", std::uint64_t{1}, UINT64_MAX);
  if (fields.contains("variants")) info.variants = integer(fields["variants"], "variants", 1u, largest_variant_count);
  if (fields.contains("claimed_error")) read_claims(fields["claimed_error"], info);
  read_schemes(fields, info);
  if (const auto profile = fields.find("profile"); profile != fields.end()) {
    if (!profile->is_string() && !profile->is_object()) reject("\"profile\" is neither a name nor an object");
    info.profile = profile->is_string() ? profile->get<std::string>() : profile->dump();
  }
  if (const std::string wrong = objection(info); !wrong.empty()) reject(wrong);
  return info;
}

}  // namespace hdq::validate
