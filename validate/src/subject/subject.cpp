#include "hdq/validate/subject/subject.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "hdq/io/text.hpp"

namespace hdq::validate {

bool works_on_rows(Operation operation) {
  using enum Operation;
  constexpr std::array on_rows{dither, transform, transform_transposed, encode, decode, dot, reconstruct, save, load};
  return std::find(on_rows.begin(), on_rows.end(), operation) != on_rows.end();
}

std::size_t step_code_bytes(const Config& config) {
  int fold = 1;  // 2^h
  while (fold < 256 && static_cast<float>(fold) * config.step <= 0.125f) fold *= 2;
  const double most = (32767 - fold) * static_cast<double>(config.step);
  return static_cast<double>(config.order) <= most * most ? 2 : 4;
}

const char* operation_name(Operation operation) {
  switch (operation) {
#define HDQ_OPERATION(member, number, name) \
  case Operation::member:                   \
    return name;
    HDQ_OPERATIONS(HDQ_OPERATION)
#undef HDQ_OPERATION
  }
  return "?";
}

const char* promise_name(Promise promise) {
  switch (promise) {
    case Promise::own_scheme: return "own scheme";
    case Promise::conformant: return "conformant";
    case Promise::bit_exact: return "bit exact";
  }
  return "?";
}

const char* outcome_name(Outcome outcome) {
  switch (outcome) {
    case Outcome::ok: return "ok";
    case Outcome::unsupported: return "unsupported";
    case Outcome::bad_input: return "bad input";
    case Outcome::failed: return "failed";
    case Outcome::crashed: return "crashed";
    case Outcome::hung: return "hung";
    case Outcome::touched_guard: return "touched memory outside its buffers";
    case Outcome::wrote_input: return "wrote to its input";
    case Outcome::wrote_outside: return "wrote outside its output";
    case Outcome::protocol_error: return "protocol error";
    case Outcome::used_late: return "used a buffer after it had returned";
  }
  return "?";
}

std::string objection(const SubjectInfo& info) {
  if (info.promise > Promise::bit_exact) return "promise is none";
  if ((info.bit_widths & ~all_bit_widths) != 0 || info.bit_widths == 0) return "bit_widths are none of 1 to " + std::to_string(HDQ_KERNEL_MAX_BITS);
  if (info.operations == 0) return "operations: none is offered";
  if (info.alignment > largest_alignment || (info.alignment & (info.alignment - 1)) != 0) return "alignment is no power of two up to " + std::to_string(largest_alignment);
  if (info.variants < 1 || info.variants > largest_variant_count) return "variants are none of 1 to " + std::to_string(largest_variant_count);
  for (std::size_t b = 0; b <= HDQ_KERNEL_MAX_BITS; ++b) {
    if (!std::isfinite(info.claimed_error[b]) || info.claimed_error[b] < 0) return "claimed_error[" + std::to_string(b) + "] is no number >= 0";
  }
  if (info.schemes == 0 || info.schemes > (HDQ_KERNEL_FIXED_RATE | HDQ_KERNEL_ENTROPY_CODED))
    return "schemes are none of fixed-rate, entropy-coded";
  if (info.steps.size() > largest_step_count) return "steps: more than " + std::to_string(largest_step_count);
  for (const float step : info.steps) {
    if (!(step >= least_step && step <= greatest_step)) return "steps are not all from 2^-10 to 16";
  }
  return "";
}

std::uint64_t Limits::half_of_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES), page = ::sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? static_cast<std::uint64_t>(pages) / 2 * static_cast<std::uint64_t>(page) : UINT64_MAX;
}

std::string excess_of(const Request& request) {
  std::uint64_t left = largest_call;
  const auto take = [&](std::uint64_t bytes) { return std::exchange(left, bytes <= left ? left - bytes : 0) >= bytes; };
  bool fits = true;
  for (const auto& input : request.inputs) fits = fits && take(input.size());
  for (const std::uint64_t bytes : request.output_bytes) fits = fits && take(bytes);
  return fits ? "" : "the call needs more than " + std::to_string(largest_call) + " bytes of input and output";
}

std::string shell_word(std::string_view word) {
  constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./+=:,@%-";
  if (!word.empty() && word.find_first_not_of(plain) == std::string_view::npos) return std::string(word);
  const bool harmless = io::printable(word) == word;
  std::string quoted = harmless ? "'" : "$'";
  while (!word.empty()) {
    const std::size_t special = std::min(word.find_first_of("'\\"), word.size());
    quoted += io::printable(word.substr(0, special));
    word.remove_prefix(special);
    if (word.empty()) break;
    if (word[0] == '\'') quoted += harmless ? "'\\''" : "\\'";
    else quoted += harmless ? "\\" : "\\\\";
    word.remove_prefix(1);
  }
  return quoted + "'";
}

Reply failure_of(Outcome outcome, std::string detail) {
  Reply reply;
  reply.outcome = outcome;
  reply.detail = std::move(detail);
  return reply;
}

}  // namespace hdq::validate
