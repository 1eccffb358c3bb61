#include "hdq/validate/subject/subject.hpp"

namespace hdq::validate {

const char* operation_name(Operation operation) {
  switch (operation) {
    case Operation::signs: return "signs";
    case Operation::dither: return "dither";
    case Operation::thresholds: return "thresholds";
    case Operation::codewords: return "codewords";
    case Operation::transform: return "transform";
    case Operation::transform_transposed: return "transform-transposed";
    case Operation::code_bytes: return "code-bytes";
    case Operation::encode: return "encode";
    case Operation::decode: return "decode";
    case Operation::pack: return "pack";
    case Operation::unpack: return "unpack";
    case Operation::dot: return "dot";
    case Operation::reconstruct: return "reconstruct";
    case Operation::save: return "save";
    case Operation::load: return "load";
    case Operation::error_constant: return "error-constant";
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
  }
  return "?";
}

}  // namespace hdq::validate
