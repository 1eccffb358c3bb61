#include "hdq/validate/subject/subject.hpp"

namespace hdq::validate {

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
  }
  return "?";
}

}  // namespace hdq::validate
