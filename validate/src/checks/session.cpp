#include "hdq/validate/checks/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <stdexcept>
#include <tuple>

#include "hdq/reference/scheme/hadamard.hpp"

namespace hdq::validate {
namespace {

template <class T>
std::span<const std::uint8_t> bytes_of(const std::vector<T>& values) {
  return {reinterpret_cast<const std::uint8_t*>(values.data()), values.size() * sizeof(T)};
}

Request request_of(Operation operation, const Config& config, std::uint64_t first_row = 0, std::uint64_t rows = 0) {
  Request r;
  r.operation = operation;
  r.config = config;
  r.first_row = first_row;
  r.rows = rows;
  return r;
}

std::uint64_t packed_bytes(const Config& config, std::uint64_t count) { return (count * config.bits + 7) / 8; }

}  // namespace

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

bool Encoded::operator==(const Encoded& other) const { return same_bits(norms, other.norms) && codes == other.codes; }

namespace {

// The steps of checks that take some of all: each width of raw bits and of codes in memory, both sides of 1/8, and R = 1 and 2.
constexpr float some_steps[] = {2.5745f,  1.0825f,    0.5224f,   0.26f, 0.125f, 0x1.000002p-3f, 0.0162f,
                                0x1p-10f, 0.0010091f, 0.031251f, 4.0f,  13.6f,  16.0f};

// The operations that the entropy-coded scheme alone has, and those that it has not.
constexpr std::uint32_t mask_of(std::initializer_list<Operation> operations) {
  std::uint32_t mask = 0;
  for (const Operation o : operations) mask |= std::uint32_t{1} << static_cast<std::uint32_t>(o);
  return mask;
}
using enum Operation;
constexpr std::uint32_t entropy_coded_alone = mask_of({coding, frequencies, put_row, get_row});
constexpr std::uint32_t fixed_rate_alone =
    mask_of({thresholds, codewords, code_bytes, pack, unpack, error_constant, data});

}  // namespace

void Session::choose_scheme() {
  const bool fixed = (info_.schemes & HDQ_KERNEL_FIXED_RATE) != 0,
             coded = (info_.schemes & HDQ_KERNEL_ENTROPY_CODED) != 0;
  entropy_coded_ = options_.scheme == Scheme::entropy_coded || (options_.scheme == Scheme::unstated && !fixed);
  if (entropy_coded_ ? !coded : !fixed)
    throw std::invalid_argument("the kernel does not offer the scheme that --scheme names");
  if (!entropy_coded_) {
    info_.operations &= ~entropy_coded_alone;
    if (coded && options_.scheme == Scheme::unstated)
      remarks.push_back("judged is the fixed-rate scheme; the kernel offers another: --scheme entropy-coded");
    return;
  }
  if (profile_) throw std::invalid_argument("a profile is of a fixed-rate scheme; --scheme fixed-rate judges by it");
  info_.operations &= ~fixed_rate_alone;
  steps_ = info_.steps;
  if (steps_.empty()) steps_.assign(std::begin(some_steps), std::end(some_steps));
  info_.bit_widths = 0;
  for (std::size_t i = 0; i < steps_.size() && i < HDQ_KERNEL_MAX_BITS; ++i) info_.bit_widths |= 2u << i;
}

Session::Session(Subject& subject, Options options)
    : subject_(subject), options_(std::move(options)), info_(subject.info()), random_(options_.seed) {
  const std::string& profile = options_.profile.empty() ? info().profile : options_.profile;
  if (!profile.empty()) profile_ = reference::profile_of(profile);
  choose_scheme();
}

reference::ProfileJudge& Session::judge(const Config& config) {
  constexpr std::size_t kept = 32;
  const std::vector<std::uint64_t> key = {config.dimension, config.bits, config.seed, config.variant};
  if (const auto known = judges_.find(key); known != judges_.end()) return *known->second;
  if (judges_.size() >= kept) judges_.clear();
  const reference::DataSource source = [this, config](const std::string& name, std::size_t count, std::uint64_t row) {
    return data(config, name, row, count);
  };
  auto made = std::make_unique<reference::ProfileJudge>(*profile_, config.dimension, static_cast<int>(config.bits), source);
  return *(judges_[key] = std::move(made));
}

std::size_t Session::norms_per_row(const Config& config) const {
  return profile_ ? profile_->stored_per_row(config.dimension, static_cast<int>(config.bits)) : 1;
}

Config Session::config(std::uint64_t dimension, int bits, std::uint64_t seed) const {
  Config c;
  c.dimension = dimension;
  c.order = profile_ ? profile_->padded(dimension, bits) : reference::hadamard_order(dimension).order;
  c.seed = seed;
  c.variant = options_.variant;
  return with_bits(c, bits);
}

Config Session::with_bits(Config config, int bits) const {
  config.bits = static_cast<std::uint32_t>(bits);
  config.step =
      entropy_coded_
          ? steps_.at(static_cast<std::size_t>(bits - 1) % std::min<std::size_t>(steps_.size(), HDQ_KERNEL_MAX_BITS))
          : 0;
  return config;
}

Config Session::with_step(std::uint64_t dimension, float step, std::uint64_t seed) const {
  Config c = config(dimension, 1, seed);
  c.step = step;
  return c;
}

std::uint64_t Session::offered_near(std::uint64_t wish, int bits) {
  const auto known = offered_.find({wish, bits});
  if (known != offered_.end()) return known->second;
  // A kernel that took the first few dimensions it was asked for is taken to take all: each question is a call.
  constexpr std::size_t asked_at_first = 2;
  const bool all_taken =
      std::all_of(offered_.begin(), offered_.end(), [](const auto& o) { return o.second == o.first.first; });
  if (!profile_ && offered_.size() >= asked_at_first && all_taken) return std::min(wish, info().max_dimension);
  std::vector<std::uint64_t> candidates{wish};
  for (const std::uint64_t unit : {std::uint64_t{2}, std::uint64_t{8}, std::uint64_t{16}, std::uint64_t{32},
                                   std::uint64_t{64}, std::uint64_t{128}, std::uint64_t{256}}) {
    candidates.push_back((wish + unit - 1) / unit * unit);
  }
  candidates.push_back(std::bit_ceil(wish));
  const auto takes = [&](std::uint64_t n) {
    if (n > info().max_dimension || (profile_ && !profile_->offers(n, bits))) return false;
    if (!offers(Operation::encode) && !offers(Operation::reconstruct)) return true;
    Reply reply;
    uncounted([&] { reply = try_input({config(n, bits), 0, std::vector<float>(n, 1.0f)}); });
    return reply.outcome != Outcome::unsupported;
  };
  const auto at = std::find_if(candidates.begin(), candidates.end(), takes);
  const std::uint64_t n = at != candidates.end() ? *at : std::min(wish, info().max_dimension);
  return offered_[{wish, bits}] = n;
}

Claim Session::claim() const {
  if (options_.claim != Claim::unstated) return options_.claim;
  if (profile_) return profile_->claims_unbiased ? Claim::unbiased : Claim::error;
  return conformant() ? Claim::unbiased : Claim::unstated;
}

bool Session::claimed_error_given() const {
  for (int bits = 1; bits <= HDQ_KERNEL_MAX_BITS; ++bits) {
    if (claimed_error(bits) > 0) return true;
  }
  return false;
}

double Session::claimed_error(int bits) const {
  if (entropy_coded_) {
    const double step = config(1, bits).step;
    return step * step / 12;  // D, of every vector
  }
  if (info().claimed_error[bits] > 0 || !profile_) return info().claimed_error[bits];
  const auto at = profile_->claimed_error.find(bits);
  return at == profile_->claimed_error.end() ? 0 : at->second;
}

void Session::begin_check(const std::string& name) {
  // Of its own for each check: what it makes up does not depend on the checks before, so the same check alone shows a finding again.
  std::vector<std::uint32_t> words{static_cast<std::uint32_t>(options_.seed),
                                   static_cast<std::uint32_t>(options_.seed >> 32)};
  words.insert(words.end(), name.begin(), name.end());
  std::seed_seq sequence(words.begin(), words.end());
  random_.seed(sequence);
  refusals_.begin_check(name);
  using Seconds = std::chrono::duration<double>;
  constexpr double longest = 600, longest_thorough = 7200;
  const Seconds limit(options_.check_limit.value_or(thorough() ? longest_thorough : longest));
  check_ends_ = std::chrono::steady_clock::now() + std::chrono::duration_cast<std::chrono::steady_clock::duration>(limit);
  hung_.reset();
  answered_ = succeeded_ = 0;
}

const Reply* Session::time_is_up() {
  if (!hung_ && std::chrono::steady_clock::now() >= check_ends_) hung_ = failure_of(Outcome::hung, "the time of the check (--check-limit) is up");
  return hung_ ? &*hung_ : nullptr;
}

Reply Session::remember_hang(Reply reply) {
  if (reply.outcome == Outcome::hung) hung_ = reply;
  return reply;
}

Reply Session::call(const Request& request) {
  if (const Reply* over = time_is_up()) return *over;
  ++calls_;
  Request placed = request;
  placed.placement = placement;
  placed.placement.fill = fill ? *fill : static_cast<std::uint8_t>(1 + calls_ * 91 % 255);
  const auto start = std::chrono::steady_clock::now();
  Reply reply = remember_hang(subject_.call(placed));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  all_seconds_ += seconds;
  measure(request, seconds);
  const std::uint32_t bit = std::uint32_t{1} << static_cast<std::uint32_t>(request.operation);
  refusals_.note(request, reply);
  if (reply.outcome == Outcome::unsupported) {
    Config config = request.config;
    config.seed = 0;  // whatever the seed: one line
    unsupported_.insert(fmt::format("{}: {}", operation_name(request.operation), describe(config)));
  } else {
    answered_ |= bit;
    if (reply.ok()) succeeded_ |= bit;
  }
  if (record_ != nullptr) {
    constexpr std::size_t kept = 48;  // the last ones: a check may make thousands
    if (record_->size() >= 2 * kept) record_->erase(record_->begin(), record_->begin() + kept);
    record_->push_back({placed, reply, {}});
    MadeCall& made = record_->back();
    for (const auto& input : made.request.inputs) made.inputs.emplace_back(input.begin(), input.end());
    std::copy(made.inputs.begin(), made.inputs.end(), made.request.inputs.begin());
  }
  return reply;
}

void Session::uncounted(const std::function<void()>& calls) {
  const auto before = std::pair(answered_, succeeded_);
  try {
    calls();
  } catch (...) {
    std::tie(answered_, succeeded_) = before;
    throw;
  }
  std::tie(answered_, succeeded_) = before;
}

double Session::seconds_per_call() const { return calls_ == 0 ? 0 : all_seconds_ / static_cast<double>(calls_); }

std::size_t Session::affordable_calls(std::size_t wanted, std::size_t least, double seconds) const {
  const double each = std::max(seconds_per_call(), 1e-7);
  return std::clamp(static_cast<std::size_t>(std::min(seconds / each, 1e9)), std::min(least, wanted), wanted);
}

std::string Session::left_unwritten(const MadeCall& made) {
  // What pads codes may be left as it was, and what follows a file.
  const bool codes_padded = offers(Operation::code_bytes);
  constexpr std::size_t runs = 3;
  const std::uint8_t fills[runs] = {0xFF, 0x3C, 0x11};
  Reply replies[runs];
  for (std::size_t i = 0; i < runs; ++i) {
    Request request = made.request;
    std::copy(made.inputs.begin(), made.inputs.end(), request.inputs.begin());
    fill = fills[i];
    replies[i] = call(request);
    fill.reset();
    if (!replies[i].ok()) return "";
  }
  for (std::size_t output = 0; output < replies[0].outputs.size(); ++output) {
    if (output == 1 && codes_padded) continue;
    // What was written is the same in all runs; what was left may depend on what it is.
    std::size_t count = 0, first = 0;
    const std::size_t size = replies[0].outputs[output].size();
    for (std::size_t i = 0; i < size; ++i) {
      int left = 0;
      for (std::size_t run = 0; run < runs; ++run) left += replies[run].outputs[output][i] == fills[run];
      if (left < 2) continue;
      if (count++ == 0) first = i;
    }
    if (count != 0) {
      return fmt::format("{} leaves {} of {} bytes of output {} as they were, the first at {}",
                         operation_name(made.request.operation), count, size, output, first);
    }
  }
  return "";
}

std::vector<MadeCall> Session::record(const std::function<void()>& calls) {
  std::vector<MadeCall> made;
  record_ = &made;
  try {
    calls();
  } catch (...) {
    record_ = nullptr;
    throw;
  }
  record_ = nullptr;
  return made;
}

Repetition Session::repeat(const Request& request, const Subject::Windows& windows) {
  if (const Reply* over = time_is_up()) return {*over, 0, true, {}};
  Repetition repetition = subject_.repeat(request, windows);
  calls_ += repetition.calls;
  remember_hang(repetition.reply);
  return repetition;
}

std::pair<Reply, Reply> Session::at_once(const Request& a, const Request& b, std::chrono::milliseconds at_most) {
  if (const Reply* over = time_is_up()) return {*over, *over};
  calls_ += 2;
  auto replies = subject_.at_once(a, b, at_most);
  remember_hang(replies.first);
  return replies;
}

// Of operations that rotate rows: what the others take says nothing of these.
void Session::measure(const Request& request, double seconds) {
  using enum Operation;
  constexpr std::array rotate{transform, transform_transposed, encode, decode, dot, reconstruct};
  if (std::find(rotate.begin(), rotate.end(), request.operation) == rotate.end()) return;
  Slowest& slowest = slowest_[request.operation];
  if (request.config.order > slowest.order) slowest = {request.config.order, 0};
  if (request.config.order == slowest.order) slowest.seconds = std::max(slowest.seconds, seconds);
}

bool Session::affordable(const Config& config) const {
  if (config.order <= 1536) return true;
  return std::all_of(slowest_.begin(), slowest_.end(), [&](const auto& measured) {
    const auto& [order, seconds] = measured.second;
    const double ratio = static_cast<double>(config.order) / static_cast<double>(order);
    return ratio <= 1 || seconds * ratio * ratio < (quick() ? 0.1 : thorough() ? 1 : 0.3);
  });
}

Reply Session::expect_ok(const Request& request) {
  if (profile_ && !profile_->offers(request.config.dimension, static_cast<int>(request.config.bits))) {
    Reply declined;
    declined.outcome = Outcome::unsupported;
    throw Trouble{std::move(declined), request.operation, request.config, request.first_row};
  }
  Reply reply = call(request);
  if (!reply.ok()) {
    const bool no_rows = works_on_rows(request.operation) && request.rows == 0;
    throw Trouble{std::move(reply), request.operation, request.config, request.first_row, no_rows};
  }
  return reply;
}

std::vector<std::int8_t> Session::signs(const Config& config, std::size_t count) {
  Request r = request_of(Operation::signs, config);
  r.count = count;
  r.output_bytes = {count};
  return expect_ok(r).output<std::int8_t>(0);
}

std::vector<std::uint32_t> Session::dither(const Config& config, std::uint64_t first_row, std::size_t rows) {
  Request r = request_of(Operation::dither, config, first_row, rows);
  r.output_bytes = {rows * 4};
  return expect_ok(r).output<std::uint32_t>(0);
}

std::vector<double> Session::thresholds(const Config& config, std::uint32_t word) {
  Request r = request_of(Operation::thresholds, config);
  r.word = word;
  r.output_bytes = {((std::uint64_t{1} << config.bits) - 1) * 8};
  return expect_ok(r).output<double>(0);
}

std::vector<double> Session::codewords(const Config& config, std::uint32_t word) {
  Request r = request_of(Operation::codewords, config);
  r.word = word;
  r.output_bytes = {(std::uint64_t{1} << config.bits) * 8};
  return expect_ok(r).output<double>(0);
}

std::vector<double> Session::data(const Config& config, const std::string& name, std::uint64_t row, std::size_t count) {
  if (!offers(Operation::data)) throw reference::BadProfile("data." + name + ": neither given by the profile nor exported (operation data)");
  Request r = request_of(Operation::data, config, row);
  r.count = count;
  r.inputs = {{reinterpret_cast<const std::uint8_t*>(name.c_str()), name.size() + 1}};
  r.output_bytes = {count * 8};
  return expect_ok(r).output<double>(0);
}

std::vector<float> Session::transform(const Config& config, const std::vector<float>& x) {
  Request r = request_of(Operation::transform, config, 0, x.size() / config.dimension);
  r.inputs = {bytes_of(x)};
  r.output_bytes = {r.rows * config.order * 4};
  return expect_ok(r).output<float>(0);
}

std::vector<float> Session::transform_transposed(const Config& config, const std::vector<float>& y) {
  Request r = request_of(Operation::transform_transposed, config, 0, y.size() / config.order);
  r.inputs = {bytes_of(y)};
  r.output_bytes = {r.rows * config.dimension * 4};
  return expect_ok(r).output<float>(0);
}

std::size_t Session::rows_of(const Config& config, const Encoded& encoded) {
  const std::size_t per_row = norms_per_row(config);
  if (per_row != 0) return encoded.norms.size() / per_row;
  const std::size_t bytes = code_bytes(config);
  return bytes == 0 ? 0 : encoded.codes.size() / bytes;
}

std::size_t Session::decoded_length(const Config& config) const {
  return profile_ && profile_->decodes_rotated ? config.order : config.dimension;
}

std::size_t Session::code_bytes(const Config& config) {
  if (entropy_coded_) return config.order * step_code_bytes(config);
  if (!offers(Operation::code_bytes)) {
    return profile_ ? profile_->code_bytes(config.dimension, static_cast<int>(config.bits)) : packed_bytes(config, config.order);
  }
  Request r = request_of(Operation::code_bytes, config);
  r.output_bytes = {8};
  const std::uint64_t bytes = expect_ok(r).output<std::uint64_t>(0)[0];
  if (bytes > (std::uint64_t{1} << 28)) {
    throw Trouble{failure_of(Outcome::failed, fmt::format("code_bytes is {}, more than 2^28", bytes)),
                  Operation::code_bytes, config, 0};
  }
  return bytes;
}

Encoded Session::encode(const Case& c, std::size_t bytes) {
  Request r = request_of(Operation::encode, c.config, c.first_row, c.rows());
  r.inputs = {bytes_of(c.x)};
  r.output_bytes = {r.rows * norms_per_row(c.config) * 4, r.rows * bytes};
  Reply reply = expect_ok(r);
  return {reply.output<float>(0), std::move(reply.outputs[1])};
}

std::vector<float> Session::decode(const Config& config, std::uint64_t first_row, const Encoded& encoded) {
  Request r = request_of(Operation::decode, config, first_row, rows_of(config, encoded));
  r.inputs = {bytes_of(encoded.norms), bytes_of(encoded.codes)};
  r.output_bytes = {r.rows * decoded_length(config) * 4};
  return expect_ok(r).output<float>(0);
}

// Under a profile, the codes are those of one row, without a residual's signs.
std::size_t Session::packed_count(const Config& config, std::size_t count) const {
  if (!profile_) return packed_bytes(config, count);
  const int bits = static_cast<int>(config.bits);
  return profile_->code_bytes(config.dimension, bits) - (profile_->residual ? (config.order + 7) / 8 : 0);
}

std::vector<std::uint8_t> Session::pack(const Config& config, const std::vector<std::uint8_t>& codes) {
  Request r = request_of(Operation::pack, config);
  r.count = codes.size();
  r.inputs = {bytes_of(codes)};
  r.output_bytes = {packed_count(config, codes.size())};
  return std::move(expect_ok(r).outputs[0]);
}

std::vector<std::uint8_t> Session::unpack(const Config& config, std::size_t count, const std::vector<std::uint8_t>& bytes) {
  Request r = request_of(Operation::unpack, config);
  r.count = count;
  r.inputs = {bytes_of(bytes)};
  r.output_bytes = {count};
  return std::move(expect_ok(r).outputs[0]);
}

std::vector<float> Session::dot(const Config& config, std::uint64_t first_row, const Encoded& encoded, const std::vector<float>& q) {
  Request r = request_of(Operation::dot, config, first_row, rows_of(config, encoded));
  r.inputs = {bytes_of(encoded.norms), bytes_of(encoded.codes), bytes_of(q)};
  r.output_bytes = {r.rows * 4};
  return expect_ok(r).output<float>(0);
}

std::vector<std::uint8_t> Session::save(const Config& config, const Encoded& encoded) {
  Request r = request_of(Operation::save, config, 0, rows_of(config, encoded));
  r.inputs = {bytes_of(encoded.norms), bytes_of(encoded.codes)};
  // Random codes of 16 bits have escapes of 48 bits.
  r.output_bytes = {(entropy_coded_ ? 4 : 2) * (encoded.norms.size() * 4 + encoded.codes.size()) + 65536};
  Reply reply = expect_ok(r);
  if (reply.size > reply.outputs[0].size()) {
    reply.outcome = Outcome::failed;
    reply.detail = fmt::format("save says {} bytes, the capacity was {}", reply.size, reply.outputs[0].size());
    throw Trouble{std::move(reply), r.operation, config, 0};
  }
  reply.outputs[0].resize(reply.size);
  return std::move(reply.outputs[0]);
}

Encoded Session::load(const Config& config, std::size_t rows, const std::vector<std::uint8_t>& file) {
  Request r = request_of(Operation::load, config, 0, rows);
  r.inputs = {bytes_of(file)};
  r.output_bytes = {rows * norms_per_row(config) * 4, rows * code_bytes(config)};
  Reply reply = expect_ok(r);
  return {reply.output<float>(0), std::move(reply.outputs[1])};
}

double Session::error_constant(const Config& config) {
  Request r = request_of(Operation::error_constant, config);
  r.output_bytes = {8};
  return expect_ok(r).output<double>(0)[0];
}

Session::Coding Session::coding(const Config& config) {
  Request r = request_of(Operation::coding, config);
  r.output_bytes = {8};
  const auto numbers = expect_ok(r).output<std::uint32_t>(0);
  return {numbers[0], numbers[1]};
}

std::vector<std::uint32_t> Session::frequencies(const Config& config, std::uint32_t largest) {
  Request r = request_of(Operation::frequencies, config);
  r.output_bytes = {64 * (2 * std::uint64_t{largest} + 2) * 4};
  return expect_ok(r).output<std::uint32_t>(0);
}

namespace {

std::uint64_t raw_bytes_of(const Config& config) {
  std::uint64_t h = 0;
  while (std::ldexp(config.step, static_cast<int>(h)) <= 0.125f) ++h;
  return (config.order * h + 7) / 8;
}

}  // namespace

Session::Stream Session::put_row(const Config& config, std::uint64_t row, const Row& given) {
  Request r = request_of(Operation::put_row, config, row, 1);
  r.inputs = {{reinterpret_cast<const std::uint8_t*>(&given.norm), 4}, bytes_of(given.codes)};
  r.output_bytes = {raw_bytes_of(config),
                    16 + 12 * config.order};  // an escape of 16, 1 and 61 bits: less than three words
  Reply reply = expect_ok(r);
  if (reply.size > reply.outputs[1].size()) {
    reply.outcome = Outcome::failed;
    reply.detail = fmt::format("put_row says {} bytes, the capacity was {}", reply.size, reply.outputs[1].size());
    throw Trouble{std::move(reply), r.operation, config, row};
  }
  reply.outputs[1].resize(reply.size);
  return {std::move(reply.outputs[0]), std::move(reply.outputs[1])};
}

Session::Row Session::get_row(const Config& config, std::uint64_t row, const Stream& given) {
  Request r = request_of(Operation::get_row, config, row, 1);
  r.inputs = {bytes_of(given.raw), bytes_of(given.stream)};
  r.output_bytes = {4, code_bytes(config)};
  Reply reply = expect_ok(r);
  return {reply.output<float>(0)[0], std::move(reply.outputs[1])};
}

bool Session::can_reconstruct() const {
  return offers(Operation::reconstruct) || (offers(Operation::encode) && offers(Operation::decode));
}

std::vector<float> Session::reconstruct(const Case& c) {
  return offers(Operation::reconstruct) ? reconstruct_directly(c) : decode(c.config, c.first_row, encode(c));
}

std::vector<float> Session::reconstruct_directly(const Case& c) {
  Request r = request_of(Operation::reconstruct, c.config, c.first_row, c.rows());
  r.inputs = {bytes_of(c.x)};
  r.output_bytes = {c.x.size() * 4};
  return expect_ok(r).output<float>(0);
}

Reply Session::try_input(const Case& c) {
  const bool encodes = offers(Operation::encode);
  Request r = request_of(encodes ? Operation::encode : Operation::reconstruct, c.config, c.first_row, c.rows());
  r.inputs = {bytes_of(c.x)};
  if (!encodes) {
    r.output_bytes = {c.x.size() * 4};
    return call(r);
  }
  try {
    r.output_bytes = {r.rows * norms_per_row(c.config) * 4, r.rows * code_bytes(c.config)};
  } catch (const Trouble& trouble) {
    return trouble.reply;
  }
  return call(r);
}

std::string describe(const Config& c) {
  std::string text = fmt::format("n = {}", c.dimension);
  if (c.order != c.dimension) text += fmt::format(" (order {})", c.order);
  text += c.step != 0 ? fmt::format(", step {:.9g}", c.step) : fmt::format(", b = {}", c.bits);
  if (c.seed != 0) text += fmt::format(", seed {}", c.seed);
  if (c.threads != 1) text += fmt::format(", {} threads", c.threads);
  if (c.variant != 0) text += fmt::format(", variant {}", c.variant);
  return text;
}

namespace {

Stage stage_of(Operation operation) {
  switch (operation) {
    case Operation::signs:
      return Stage::signs;
    case Operation::dither:
      return Stage::dither;
    case Operation::thresholds:
      return Stage::thresholds;
    case Operation::codewords:
      return Stage::codewords;
    case Operation::transform:
      return Stage::transform;
    case Operation::transform_transposed:
      return Stage::inverse;
    case Operation::encode:
      return Stage::encode;
    case Operation::decode:
    case Operation::reconstruct:
      return Stage::decode;
    case Operation::pack:
      return Stage::pack;
    case Operation::unpack:
      return Stage::unpack;
    case Operation::dot:
      return Stage::dot;
    case Operation::save:
    case Operation::load:
      return Stage::file;
    case Operation::error_constant:
      return Stage::oracle;
    case Operation::coding:
    case Operation::frequencies:
      return Stage::tables;
    case Operation::put_row:
    case Operation::get_row:
      return Stage::coder;
    case Operation::code_bytes:
    case Operation::data:
      return Stage::memory;
  }
  return Stage::memory;
}

}  // namespace

Finding finding_of(const Trouble& trouble) {
  Finding f;
  f.stage = Stage::memory;
  f.config = trouble.config;
  f.row = trouble.first_row;
  const char* operation = operation_name(trouble.operation);
  const std::string& detail = trouble.reply.detail;
  // An access further away than the longest vector is no loop's last step; nor is one where there are no rows.
  constexpr std::int64_t longest_vector = 64;
  const bool near = std::abs(trouble.reply.outside) <= longest_vector && !trouble.no_rows;
  const char* outside = near ? "tail-of-a-simd-loop" : "out-of-bounds";
  switch (trouble.reply.outcome) {
    case Outcome::crashed:
    case Outcome::protocol_error:
      f.defect = "crash";
      f.ended_process = true;
      f.what = fmt::format("{} crashed: {}", operation, detail);
      break;
    case Outcome::hung:
      f.defect = "hang";
      f.ended_process = true;
      f.what = fmt::format("{} hangs: {}", operation, detail);
      break;
    case Outcome::touched_guard:
      f.defect = outside;
      f.ended_process = true;
      f.what = fmt::format("{} {}", operation, detail);
      break;
    case Outcome::used_late:
      f.defect = "use-after-return";
      f.ended_process = true;
      f.what = detail;
      break;
    case Outcome::wrote_outside:
      f.defect = outside;
      f.what = fmt::format("{} {}", operation, detail);
      break;
    case Outcome::wrote_input:
      f.defect = "input-modified";
      f.ended_process = !trouble.reply.returned;
      f.what = fmt::format("{} {}", operation, detail);
      break;
    default:
      f.defect = trouble.reply.outcome == Outcome::bad_input || trouble.reply.detail.starts_with(unknown_status)
                     ? "wrong-status"
                     : "failure";
      f.stage = stage_of(trouble.operation);
      if (trouble.operation == Operation::code_bytes && detail.starts_with("code_bytes is ")) {
        f.defect = "wrong-values";
        f.what = detail;
        break;
      }
      f.what = fmt::format("{} says {} for arguments that are in order{}{}", operation, outcome_name(trouble.reply.outcome),
                           detail.empty() ? "" : ": ", detail);
  }
  f.what += fmt::format(" ({})", describe(trouble.config));
  return f;
}

const char* stage_name(Stage stage) {
  switch (stage) {
    case Stage::memory: return "memory";
    case Stage::signs: return "signs";
    case Stage::dither: return "dither";
    case Stage::thresholds: return "thresholds";
    case Stage::codewords: return "codewords";
    case Stage::transform: return "transform";
    case Stage::scale: return "scale";
    case Stage::encode: return "encode";
    case Stage::tables:
      return "tables";
    case Stage::coder:
      return "coder";
    case Stage::pack: return "pack";
    case Stage::unpack: return "unpack";
    case Stage::inverse: return "inverse";
    case Stage::decode: return "decode";
    case Stage::dot: return "dot";
    case Stage::paths: return "paths";
    case Stage::input: return "input";
    case Stage::file: return "file";
    case Stage::oracle: return "oracle";
    case Stage::audit: return "audit";
  }
  return "?";
}

std::string decimal_and_hex(float value) { return fmt::format("{:.9g} ({:a})", value, value); }
std::string decimal_and_hex(double value) { return fmt::format("{:.17g} ({:a})", value, value); }

}  // namespace hdq::validate
