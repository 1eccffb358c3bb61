// What calls leave behind, and what they do to each other: hundreds of equal calls keep no memory, descriptors or threads, and give the same
// bytes; two calls at once, from two threads, give what each gives alone. The latter only where calls are function calls in a process of
// ours; programs behind a pipe are looked at from outside.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>
#include <thread>
#include <utility>

#include "hdq/validate/checks/checks.hpp"
#include "hdq/validate/checks/inputs.hpp"

namespace hdq::validate {
namespace {

using namespace std::chrono_literals;

int bits_near(const Session& s, int wish) {
  for (int i = 0; i < HDQ_KERNEL_MAX_BITS; ++i) {
    const int bits = (wish + i - 1) % HDQ_KERNEL_MAX_BITS + 1;
    if (s.offers_bits(bits)) return bits;
  }
  return 1;
}

// Each operation that is offered once, on data that a kernel has to take.
void call_everything(Session& s, const Config& config, std::size_t rows) {
  const auto attempt = [&](Operation operation, auto call) {
    if (!s.offers(operation)) return;
    try {
      call();
    } catch (const Trouble& trouble) {
      if (trouble.reply.outcome != Outcome::unsupported) throw;
    }
  };
  Case c{config, 11, {}};
  for (std::size_t row = 0; row < rows; ++row) append_vector(Family::normal, config, s.random(), c.x);
  std::vector<float> rotated;
  for (std::size_t i = 0; i < rows * config.order; ++i) rotated.push_back(static_cast<float>(i % 7) - 3);
  std::vector<std::uint8_t> codes(config.order), packed;
  for (std::size_t i = 0; i < codes.size(); ++i) codes[i] = static_cast<std::uint8_t>(i & ((1u << config.bits) - 1));
  attempt(Operation::signs, [&] { s.signs(config, config.order); });
  attempt(Operation::dither, [&] { s.dither(config, c.first_row, 50); });
  attempt(Operation::thresholds, [&] { s.thresholds(config, 0x9E3779B9u); });
  attempt(Operation::codewords, [&] { s.codewords(config, 0x9E3779B9u); });
  attempt(Operation::transform, [&] { s.transform(config, c.x); });
  attempt(Operation::transform_transposed, [&] { s.transform_transposed(config, rotated); });
  attempt(Operation::pack, [&] { packed = s.pack(config, codes); });
  if (!packed.empty()) attempt(Operation::unpack, [&] { s.unpack(config, codes.size(), packed); });
  attempt(Operation::reconstruct, [&] { s.reconstruct(c); });
  attempt(Operation::error_constant, [&] { s.error_constant(config); });
  Encoded encoded;
  attempt(Operation::encode, [&] { encoded = s.encode(c); });
  if (encoded.norms.empty()) return;
  attempt(Operation::decode, [&] { s.decode(config, c.first_row, encoded); });
  attempt(Operation::dot, [&] { s.dot(config, c.first_row, encoded, std::vector<float>(c.row(0), c.row(0) + config.dimension)); });
  std::vector<std::uint8_t> file;
  attempt(Operation::save, [&] { file = s.save(config, encoded); });
  if (!file.empty()) attempt(Operation::load, [&] { s.load(config, rows, file); });
}

// The calls of call_everything, one for each operation.
std::vector<MadeCall> calls_of(Session& s, Config config, std::size_t rows) {
  std::vector<MadeCall> calls;
  for (MadeCall& made : s.record([&] { call_everything(s, config, rows); })) {
    const bool known = std::any_of(calls.begin(), calls.end(), [&](const MadeCall& c) { return c.request.operation == made.request.operation; });
    if (!known && made.reply.ok()) calls.push_back(std::move(made));
  }
  return calls;
}

std::uint64_t dimension_near(Session& s, std::uint64_t wish, int bits) {
  return s.offered_near(std::min(wish, s.info().max_dimension), bits);
}

Finding finding(const Request& request, std::string defect, std::string what) {
  Finding f;
  f.stage = Stage::memory;
  f.defect = std::move(defect);
  f.what = fmt::format("{}: {}", operation_name(request.operation), what);
  f.config = request.config;
  f.row = request.first_row;
  return f;
}

// ---- what is left behind ----

struct Quantity {
  const char *defect, *unit;
  double scale;           // unit for each that is counted
  double least;           // units per call: less is no leak
  double total;           // units that have to accumulate: allocators and garbage collectors hold back so much for later
  std::uint64_t Usage::*count;
};
constexpr double page = 4096, much = 64 * 1024.0 * 1024.0;
constexpr Quantity quantities[] = {
    {"leak-of-descriptors", "descriptors", 1, 0.25, 16, &Usage::descriptors},
    {"leak-of-threads", "threads", 1, 0.25, 16, &Usage::threads},
    {"leak-of-memory", "bytes", 1, 8, 4096, &Usage::allocated},
    {"leak-of-memory", "bytes of address space", page, 128, much, &Usage::mapped_pages},
    {"leak-of-memory", "bytes of resident memory", page, 128, much, &Usage::resident_pages},
};

// Units per call, if every window after the warm-up adds about as much; 0 otherwise. What a cache or an arena takes ends after a window, or
// comes in steps.
double steady_growth(const Quantity& q, const std::vector<Usage>& usage, std::uint32_t calls) {
  constexpr std::size_t enough = 5;
  if (usage.size() < enough) return 0;
  double least = 1e300, most = 0, sum = 0;
  for (std::size_t i = 1; i < usage.size(); ++i) {
    const double now = static_cast<double>(usage[i].*q.count), before = static_cast<double>(usage[i - 1].*q.count);
    const double added = (now - before) * q.scale / static_cast<double>(calls);
    least = std::min(least, added);
    most = std::max(most, added);
    sum += added;
  }
  return least >= q.least && most <= 3 * least ? sum / static_cast<double>(usage.size() - 1) : 0;
}

// Once more, with pauses, until so much has accumulated that it is not held back for later.
double confirmed_growth(Session& s, const Quantity& q, const Request& request, double growth) {
  constexpr std::uint32_t windows = 6;
  const double wanted = std::clamp(1.2 * q.total / growth / (windows - 1), 16.0, 1e6);
  const Subject::Windows again{windows, static_cast<std::uint32_t>(wanted), 5ms, s.quick() ? 1500ms : 5000ms};
  const Repetition more = s.repeat(request, again);
  if (!more.reply.ok()) return growth;  // it failed when it had no more of them
  const double confirmed = steady_growth(q, more.usage, again.calls);
  return confirmed > growth / 2 && confirmed < growth * 2 ? confirmed : 0;
}

// False where equal calls did not give equal bytes, which is reported.
bool equal_answers(const Request& request, const Repetition& many, const Report& report) {
  if (!many.reply.ok()) throw Trouble{many.reply, request.operation, request.config, request.first_row};
  if (many.same) return true;
  Finding f = finding(request, "not-repeatable", fmt::format("equal call {} gives other bytes", many.calls));
  f.stage = Stage::paths;
  report(std::move(f));
  return false;
}

Finding leak(const Request& request, const Quantity& q, double growth) {
  return finding(request, q.defect, fmt::format("every call leaves {:.3g} {} behind", growth, q.unit));
}

// The same of a program behind a pipe, as /proc shows it: equal calls, one after the other. What takes long makes fewer.
Repetition repeat_from_outside(Session& s, const MadeCall& made, const Subject::Windows& windows) {
  Repetition result;
  const auto ends = std::chrono::steady_clock::now() + windows.at_most;
  for (std::uint32_t window = 0; window < windows.count && std::chrono::steady_clock::now() < ends; ++window) {
    for (std::uint32_t i = 0; i < windows.calls; ++i) {
      result.reply = s.call(made.request);
      ++result.calls;
      result.same = result.reply.ok() && result.reply.outputs == made.reply.outputs;
      if (!result.same) return result;
    }
    std::this_thread::sleep_for(windows.pause);
    const std::optional<Usage> usage = s.usage();
    if (!usage) return result;
    result.usage.push_back(*usage);
  }
  return result;
}

// Descriptors and threads at once; resident memory where so much has accumulated that no collector holds it back.
void judge_from_outside(Session& s, const MadeCall& made, const Report& report) {
  const Request& request = made.request;
  const auto time = s.quick() ? 400ms : 4000ms;
  const auto calls =
      static_cast<std::uint32_t>(s.affordable_calls(64, 6, 0.15 * std::chrono::duration<double>(time).count()));
  const Repetition many = repeat_from_outside(s, made, {6, calls, 0ms, time});
  if (many.usage.empty() && many.same) s.disclaim();  // its process can not be seen
  if (!equal_answers(request, many, report)) return;
  for (const Quantity& q : quantities) {
    const double growth = steady_growth(q, many.usage, calls);
    if (growth == 0 || q.count == &Usage::allocated) continue;
    const auto more = static_cast<std::uint32_t>(std::clamp(0.24 * q.total / growth, 16.0, 2000.0));
    if (growth * more * 5 < q.total) continue;  // less than can be told from what is held back
    const Repetition again = repeat_from_outside(s, made, {6, more, 5ms, 5000ms});
    const double confirmed = steady_growth(q, again.usage, more);
    if (!(confirmed > growth / 2 && confirmed < growth * 2)) continue;
    return report(leak(request, q, confirmed));
  }
}

void judge_repetition(Session& s, const Request& request, const Report& report) {
  const Subject::Windows windows{6, 32, 0ms, s.quick() ? 400ms : 2000ms};
  const Repetition many = s.repeat(request, windows);
  if (!equal_answers(request, many, report)) return;
  for (const Quantity& q : quantities) {
    const double growth = steady_growth(q, many.usage, windows.calls);
    if (growth == 0) continue;
    const double confirmed = confirmed_growth(s, q, request, growth);
    if (confirmed == 0) continue;
    return report(leak(request, q, confirmed));
  }
}

void run_leaks(Session& s, const Report& report) {
  Config config = s.config(dimension_near(s, 37, bits_near(s, 4)), bits_near(s, 4), 3);
  if (!s.calls_functions()) {
    for (const MadeCall& made : calls_of(s, config, 5)) judge_from_outside(s, made, report);
    return;
  }
  for (const MadeCall& made : calls_of(s, config, 5)) judge_repetition(s, made.request, report);
  if (s.quick()) return;
  config.threads = 3;
  for (const MadeCall& made : calls_of(s, config, 40)) judge_repetition(s, made.request, report);
}

// ---- two at once ----

void compare(const MadeCall& alone, const Reply& reply, const MadeCall& beside, const Report& report) {
  const std::string while_what = fmt::format("while another thread is in {}", operation_name(beside.request.operation));
  if (reply.outcome == Outcome::hung) throw Trouble{reply, alone.request.operation, alone.request.config, alone.request.first_row};
  if (!reply.ok()) {
    // A thread that a call left behind is no matter of two calls.
    const bool late = reply.detail.find("of a call that had returned") != std::string::npos;
    const char* defect = late ? "use-after-return" : "not-thread-safe";
    Finding f = finding(alone.request, defect, fmt::format("{} {}: {}", outcome_name(reply.outcome), while_what, reply.detail));
    f.ended_process = reply.outcome > Outcome::failed && reply.outcome != Outcome::wrote_outside;
    return report(std::move(f));
  }
  for (std::size_t i = 0; i < reply.outputs.size(); ++i) {
    const auto& got = reply.outputs[i];
    const auto& expected = alone.reply.outputs[i];
    const auto [at, same] = std::mismatch(got.begin(), got.end(), expected.begin(), expected.end());
    if (at == got.end()) continue;
    Finding f = finding(alone.request, "not-thread-safe", fmt::format("other bytes {}", while_what));
    f.divergence = Divergence{static_cast<std::size_t>(at - got.begin()), fmt::format("{:#04x}", *at), fmt::format("{:#04x}", *same), 0, 0};
    return report(std::move(f));
  }
}

void run_concurrent(Session& s, const Report& report) {
  const auto time = s.quick() ? 10ms : s.thorough() ? 200ms : 40ms;
  const std::vector<MadeCall> a = calls_of(s, s.config(dimension_near(s, 37, bits_near(s, 4)), bits_near(s, 4), 5), 9);
  const std::vector<MadeCall> b = calls_of(s, s.config(dimension_near(s, 100, bits_near(s, 2)), bits_near(s, 2), 6), 4);
  for (std::size_t i = 0; i < a.size(); ++i) {
    for (std::size_t j = 0; j < b.size(); ++j) {
      if (a[i].request.operation != b[j].request.operation && (i + 1) % a.size() != j) continue;
      const auto [first, second] = s.at_once(a[i].request, b[j].request, time);
      compare(a[i], first, b[j], report);
      if (first.ok()) compare(b[j], second, a[i], report);
    }
  }
}

bool calls_functions(const Session& s) { return s.calls_functions(); }

}  // namespace

const Check leaks_check{"leaks",
                        "equal calls leave no memory, descriptors or threads behind",
                        [](const Session&) { return true; },
                        run_leaks,
                        nullptr,
                        nullptr,
                        true};
const Check concurrent_check{"concurrent", "two calls at once, from two threads, give what each gives alone", calls_functions, run_concurrent,
                             nullptr, nullptr, true};

}  // namespace hdq::validate
