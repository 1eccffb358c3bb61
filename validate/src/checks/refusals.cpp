// What a kernel declines must not depend on content: every call is noted (refusals.hpp), and what was always declined is asked again.
#include "hdq/validate/checks/refusals.hpp"

#include <utility>

#include "hdq/validate/checks/inputs.hpp"
#include "hdq/validate/checks/session.hpp"

namespace hdq::validate {
namespace {

std::string name_of_data(const Request& request) {
  if (request.operation != Operation::data || request.inputs.empty()) return {};
  return {reinterpret_cast<const char*>(request.inputs[0].data()), request.inputs[0].size()};
}

}  // namespace

void Refusals::note(const Request& request, const Reply& reply) {
  constexpr std::size_t most = 20000;  // an audit has a seed for each call
  const bool declined = reply.outcome == Outcome::unsupported;
  if (!declined && !reply.ok() && reply.outcome != Outcome::bad_input) return;
  if (request.rows == 0 && works_on_rows(request.operation))
    return;  // a kernel may have nothing to do before it looks at anything
  const Config& c = request.config;
  const Key key{request.operation, c.dimension, c.bits, c.seed, c.variant, request.count, name_of_data(request)};
  auto at = seen_.find(key);
  if (at == seen_.end()) {
    if (seen_.size() >= most) return;
    at = seen_.emplace(key, Seen{}).first;
    at->second.check = check_;
  }
  Seen& seen = at->second;
  if (declined ? seen.declined : seen.answered) return;
  if (declined) {
    seen.declined = true;
    seen.declined_call = request;
    seen.declined_call.inputs.clear();
    seen.declined_call.output_bytes.clear();
  } else {
    seen.answered = true;
    seen.rows_answered = request.rows;
  }
  if (!seen.answered || !seen.declined) return;
  const Request& refused = seen.declined_call;
  contradictions_.push_back({refused.operation, refused.config, refused.first_row, refused.rows, seen.rows_answered,
                             declined, check_, seen.check});
}

std::vector<Contradiction> Refusals::take() { return std::exchange(contradictions_, {}); }

std::vector<Request> Refusals::not_asked_again(std::size_t most) {
  std::vector<Request> requests;
  for (const auto& [key, seen] : seen_) {
    if (!seen.declined || seen.answered || requests.size() >= most) continue;
    const Config& c = seen.declined_call.config;
    if (asked_again_.insert({seen.declined_call.operation, c.dimension, c.bits, c.variant}).second)
      requests.push_back(seen.declined_call);
  }
  return requests;
}

namespace {

// The same configuration, on data that a kernel has to take: one row of normal numbers, from row 0. What it answers is noted by the session.
void ask_again(Session& s, const Request& declined) {
  Config config = declined.config;
  config.threads = 1;
  Case c{config, 0, {}};
  append_vector(Family::normal, config, s.random(), c.x);
  s.answers([&] {
    const Encoded encoded{std::vector<float>(s.norms_per_row(config), 1),
                          std::vector<std::uint8_t>(s.code_bytes(config))};
    switch (declined.operation) {
      case Operation::encode:
        s.encode(c);
        break;
      case Operation::reconstruct:
        s.reconstruct_directly(c);
        break;
      case Operation::transform:
        s.transform(config, c.x);
        break;
      case Operation::transform_transposed:
        s.transform_transposed(config, std::vector<float>(config.order, 1));
        break;
      case Operation::decode:
        s.decode(config, 0, encoded);
        break;
      case Operation::dot:
        s.dot(config, 0, encoded, c.x);
        break;
      default:
        break;  // no rows, and nothing that could be a content
    }
  });
}

}  // namespace

void ask_declined_again(Session& s) {
  constexpr std::size_t most = 50;
  const std::vector<Request> declined = s.refusals().not_asked_again(most);
  if (declined.empty()) return;
  s.restart();  // nothing was called before
  for (const Request& request : declined) ask_again(s, request);
}

}  // namespace hdq::validate
