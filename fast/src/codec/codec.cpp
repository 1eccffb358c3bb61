// SPEC §4: the vector quantizer: norm → signs → transform → codes by the scheme, and back. Rows go through in batches that stay in
// the first-level cache; scratch belongs to the thread that works on a run of rows.
#include "hdq/codec.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <string>

#include "aligned.hpp"
#include "checks.hpp"
#include "codec/plan.hpp"
#include "hdq/stages.hpp"
#include "rotation/spread_signs.hpp"

namespace hdq {
namespace {

using detail::Aligned, detail::CodecPlan, detail::rows_together, detail::Scheme;

struct Scratch {
  explicit Scratch(const CodecPlan& plan)
      : batch(std::bit_floor(std::clamp<std::size_t>(2048 / plan.order.order, 1, rows_together))),
        y(batch * plan.order.order), wide(plan.order.order), scheme(plan.scheme->scratch()) {}

  // Rows that go through a stage of the encoder together, that the latencies of their norms overlap: as many as fit a quarter of a
  // 32 KiB first-level cache once rotated. With more, the memory idles while they are quantized. Divides rows_together.
  std::size_t batch;
  Aligned<float> y;     // batch × order
  Aligned<float> wide;  // order; a row of narrower numbers
  std::uint32_t words[rows_together];
  std::unique_ptr<Scheme::Scratch> scheme;
};

std::size_t checked_dimension(std::size_t dimension) {
  if (dimension < 1 || dimension > Codec::max_dimension)
    throw InvalidArgument("dimension must be 1 to " + std::to_string(Codec::max_dimension) + ", not " + std::to_string(dimension));
  return dimension;
}

std::shared_ptr<ThreadPool> pool_of(const CodecOptions& options) {
  if (options.threads < 0) throw InvalidArgument("threads must not be negative");
  if (options.pool != nullptr) return options.pool->threads() == 1 ? nullptr : options.pool;
  if (options.threads == 1) return nullptr;
  auto pool = std::make_shared<ThreadPool>(options.threads);
  return pool->threads() == 1 ? nullptr : pool;
}

std::shared_ptr<const CodecPlan> make_plan(const EncodingParameters& made_with, const CodecOptions& options) {
  const HadamardOrder order = hadamard_order(checked_dimension(made_with.dimension));
  const Isa isa = resolve_isa(options.isa);
  const detail::Kernels& kernels = detail::kernels(isa);
  auto plan =
      std::make_shared<CodecPlan>(CodecPlan{made_with, order, isa, kernels, pool_of(options), {}, nullptr, 0, 1, 0});
  plan->signs.resize((order.order + 31) / 32);
  sign_bits(made_with.seed, order.order, plan->signs.data());
  if (kernels.spreads_signs && order.order % 16 == 0 && order.order <= detail::spread_signs_most)
    detail::spread_signs(plan->signs.data(), order.order, plan->spread.emplace(2 * order.order).get());
  plan->scheme = detail::make_scheme(made_with, order, kernels);
  plan->code_bytes = plan->scheme->code_bytes();
  plan->shared_word = dither_word(made_with.seed, shared_dither_row);
  if (options.shrink) plan->shrink = static_cast<float>(1 / (1 + detail::error_bound(made_with)));
  return plan;
}

float checked_norm(double sum_of_squares, const float* x, std::size_t n, std::size_t row) {
  if (!std::isfinite(sum_of_squares)) detail::throw_bad_column(x, n, "row", row, "encoded");
  const float norm = static_cast<float>(std::sqrt(sum_of_squares));
  if (!std::isfinite(norm)) detail::throw_bad_norm(row, "the norm exceeds the largest float32");
  return norm;
}

const float* widened(const float* x, const CodecPlan&, Scratch&) { return x; }
const float* widened(const Float16* x, const CodecPlan& plan, Scratch& scratch) {
  plan.kernels.widen_float16(x, plan.made_with.dimension, scratch.wide.get());
  return scratch.wide.get();
}
const float* widened(const BFloat16* x, const CodecPlan& plan, Scratch& scratch) {
  plan.kernels.widen_bfloat16(x, plan.made_with.dimension, scratch.wide.get());
  return scratch.wide.get();
}

// One row to y; its norm.
template <class Number>
float rotate_row(const CodecPlan& plan, const Number* x, std::size_t row, Scratch& scratch, float* y) {
  const float* in = widened(x, plan, scratch);
  const std::uint32_t* signs = plan.signs.data();
  const float norm = checked_norm(
      plan.kernels.rotate_measured(in, plan.made_with.dimension, plan.order, signs, plan.spread_signs(), y), in,
      plan.made_with.dimension, row);
  if (const float factor = norm_scale(norm); factor != 1)
    plan.kernels.rotate(in, plan.made_with.dimension, plan.order, signs, factor, y);
  return norm;
}

// Dither words of `count` <= rows_together rows.
void draw(const CodecPlan& plan, std::uint64_t first_row, std::size_t count, std::uint32_t* words) {
  std::uint64_t rows[rows_together];
  for (std::size_t r = 0; r < count; ++r) rows[r] = first_row + r;
  plan.draw_words(rows, count, words);
}

template <class Number>
void encode_run(const CodecPlan& plan, const RowsView<const Number>& x, const EncodedBuffer& out, std::size_t first, std::size_t last, Scratch& scratch) {
  const std::size_t order = plan.order.order;
  for (std::size_t begin = first; begin < last; begin += scratch.batch) {
    const std::size_t count = std::min(scratch.batch, last - begin);
    for (std::size_t r = 0; r < count; ++r)
      out.norms()[begin + r] = rotate_row(plan, x.row(begin + r), begin + r, scratch, scratch.y.get() + r * order);
    const std::size_t drawn = (begin - first) % rows_together;
    if (drawn == 0 && plan.draws_again(begin - first)) {
      const std::size_t some = std::min(rows_together, last - begin);
      draw(plan, out.first_row() + begin, some, scratch.words);
      plan.scheme->begin_quantize(scratch.words, some, *scratch.scheme);
    }
    for (std::size_t r = 0; r < count; ++r) {
      const float norm = out.norms()[begin + r];
      plan.scheme->quantize(drawn + r, scratch.y.get() + r * order, norm * norm_scale(norm), *scratch.scheme, out.row_codes(begin + r));
    }
  }
}

void decode_run(const CodecPlan& plan, const EncodedView& encoded, const RowsView<float>& out, std::size_t first, std::size_t last, Scratch& scratch) {
  float* y = scratch.y.get();
  for (std::size_t row = first; row < last; ++row) {
    const std::size_t r = (row - first) % rows_together;
    if (r == 0 && plan.draws_again(row - first)) {
      const std::size_t count = std::min(rows_together, last - row);
      draw(plan, encoded.first_row() + row, count, scratch.words);
      plan.scheme->begin_reconstruct(scratch.words, count, *scratch.scheme);
    }
    const float norm = encoded.norms()[row], factor = norm_scale(norm);
    detail::check_norm(norm, row);
    if (norm == 0) {
      std::fill_n(out.row(row), plan.made_with.dimension, 0.0f);
      continue;
    }
    plan.scheme->reconstruct(r, encoded.row_codes(row), *scratch.scheme, y);
    const float scale = static_cast<float>(static_cast<double>(norm * factor) / static_cast<double>(plan.order.order));
    plan.kernels.hadamard(y, plan.order, true);
    // Apart, for its stores to go to memory in order of address: several times faster there than those of a last pass.
    plan.kernels.store_signed(y, plan.made_with.dimension, plan.signs.data(), scale, plan.shrink / factor,
                              out.row(row));
  }
}

}  // namespace

// ---- scratch of threads ----

struct Workspace::State {
  explicit State(const CodecPlan& plan)
      : order(plan.order.order), made_with(plan.made_with), scratch(static_cast<std::size_t>(plan.threads())) {}

  Scratch& of(const CodecPlan& plan, std::size_t slot) {
    if (scratch[slot] == nullptr) scratch[slot] = std::make_unique<Scratch>(plan);
    return *scratch[slot];
  }
  bool fits(const CodecPlan& plan) const {
    const EncodingParameters& other = plan.made_with;
    return order == plan.order.order && made_with.scheme == other.scheme && made_with.bits == other.bits &&
           made_with.step == other.step && static_cast<std::size_t>(plan.threads()) <= scratch.size();
  }

  std::size_t order;
  EncodingParameters made_with;
  std::vector<std::unique_ptr<Scratch>> scratch;  // of each slot
};

Workspace::Workspace(const Codec& codec) : state_(std::make_unique<State>(*codec.plan())) {
  for (std::size_t slot = 0; slot < state_->scratch.size(); ++slot) state_->of(*codec.plan(), slot);
}
Workspace::~Workspace() = default;
Workspace::Workspace(Workspace&&) noexcept = default;
Workspace& Workspace::operator=(Workspace&&) noexcept = default;

namespace {

// work(first, last, scratch) on runs of rows, with the memory of the caller's workspace or, without one, of this call.
template <class Work>
void for_rows(const CodecPlan& plan, std::size_t rows, Workspace::State* given, const Work& work) {
  if (given != nullptr && !given->fits(plan)) throw InvalidArgument("the workspace is one of another codec");
  const auto run = [&](Workspace::State& state) {
    plan.for_rows(rows, rows_together, [&](std::size_t first, std::size_t last, std::size_t slot) { work(first, last, state.of(plan, slot)); });
  };
  if (given != nullptr) return run(*given);
  Workspace::State own(plan);
  run(own);
}

template <class Number>
void encode_rows(const CodecPlan& plan, const RowsView<const Number>& x, const EncodedBuffer& out, Workspace::State* workspace) {
  detail::require_equal(out.rows(), x.rows(), "rows of codes", "rows");
  if (x.rows() == 0) return;
  detail::require_equal(x.dimension(), plan.made_with.dimension, "numbers in a row", "dimensions of the codec");
  detail::require_equal(out.code_bytes(), plan.code_bytes, "bytes of codes in a row", "bytes of the codec");
  for_rows(plan, x.rows(), workspace, [&](std::size_t first, std::size_t last, Scratch& scratch) { encode_run(plan, x, out, first, last, scratch); });
}

template <class Number>
void rotate_rows(const CodecPlan& plan, const RowsView<const Number>& x, const RowsView<float>& y, std::span<float> norms, Workspace::State* workspace) {
  detail::require_equal(y.rows(), x.rows(), "rotated rows", "rows");
  detail::require_equal(norms.size(), x.rows(), "norms", "rows");
  if (x.rows() == 0) return;
  detail::require_equal(x.dimension(), plan.made_with.dimension, "numbers in a row", "dimensions of the codec");
  detail::require_equal(y.dimension(), plan.order.order, "numbers in a rotated row", "orders of the codec");
  for_rows(plan, x.rows(), workspace, [&](std::size_t first, std::size_t last, Scratch& scratch) {
    for (std::size_t row = first; row < last; ++row) norms[row] = rotate_row(plan, x.row(row), row, scratch, y.row(row));
  });
}

template <class Number>
EncodedRows encoded_rows(const Codec& codec, const RowsView<const Number>& x, std::uint64_t first_row, Workspace* workspace) {
  EncodedRows rows(codec.parameters(), x.rows(), codec.code_bytes(), first_row);
  codec.encode(x, rows.buffer(), workspace);
  return rows;
}

}  // namespace

// ---- the codec ----

Codec::Codec(std::size_t dimension, BitWidth bits, std::uint64_t seed, CodecOptions options)
    : Codec({SchemeId::fixed_rate, dimension, bits, seed}, options) {}
Codec::Codec(std::size_t dimension, Step step, std::uint64_t seed, CodecOptions options)
    : Codec({SchemeId::entropy_coded, dimension, 0, seed, step.value()}, options) {}
Codec::Codec(std::size_t dimension, BitWidth bits, Dither dither, std::uint64_t seed, CodecOptions options)
    : Codec({SchemeId::fixed_rate, dimension, bits, seed, 0, dither}, options) {}
Codec::Codec(const EncodingParameters& made_with, CodecOptions options) : plan_(make_plan(made_with, options)) {}

std::size_t Codec::dimension() const { return plan_->made_with.dimension; }
std::size_t Codec::order() const { return plan_->order.order; }
int Codec::bits() const { return plan_->made_with.bits; }
float Codec::step() const { return plan_->made_with.step; }
std::uint64_t Codec::seed() const { return plan_->made_with.seed; }
Dither Codec::dither() const { return plan_->made_with.dither; }
SchemeId Codec::scheme() const { return plan_->made_with.scheme; }
Isa Codec::isa() const { return plan_->isa; }
int Codec::threads() const { return plan_->threads(); }
std::size_t Codec::code_bytes() const { return plan_->code_bytes; }
double Codec::error_bound() const { return detail::error_bound(plan_->made_with); }
EncodingParameters Codec::parameters() const { return plan_->made_with; }

void Codec::encode(RowsView<const float> x, EncodedBuffer out, Workspace* workspace) const {
  encode_rows(*plan_, x, out, workspace == nullptr ? nullptr : workspace->state_.get());
}
void Codec::encode(RowsView<const Float16> x, EncodedBuffer out, Workspace* workspace) const {
  encode_rows(*plan_, x, out, workspace == nullptr ? nullptr : workspace->state_.get());
}
void Codec::encode(RowsView<const BFloat16> x, EncodedBuffer out, Workspace* workspace) const {
  encode_rows(*plan_, x, out, workspace == nullptr ? nullptr : workspace->state_.get());
}

EncodedRows Codec::encode(RowsView<const float> x, std::uint64_t first_row, Workspace* workspace) const {
  return encoded_rows(*this, x, first_row, workspace);
}
EncodedRows Codec::encode(RowsView<const Float16> x, std::uint64_t first_row, Workspace* workspace) const {
  return encoded_rows(*this, x, first_row, workspace);
}
EncodedRows Codec::encode(RowsView<const BFloat16> x, std::uint64_t first_row, Workspace* workspace) const {
  return encoded_rows(*this, x, first_row, workspace);
}

void Codec::decode(const EncodedView& encoded, RowsView<float> out, Workspace* workspace) const {
  detail::check_encoded(encoded, *plan_);
  detail::require_equal(out.rows(), encoded.rows(), "rows to decode to", "rows of codes");
  if (encoded.rows() == 0) return;
  detail::require_equal(out.dimension(), plan_->made_with.dimension, "numbers in a row", "dimensions of the codec");
  for_rows(*plan_, encoded.rows(), workspace == nullptr ? nullptr : workspace->state_.get(),
           [&](std::size_t first, std::size_t last, Scratch& scratch) { decode_run(*plan_, encoded, out, first, last, scratch); });
}

void Codec::rotate(RowsView<const float> x, RowsView<float> y, std::span<float> norms, Workspace* workspace) const {
  rotate_rows(*plan_, x, y, norms, workspace == nullptr ? nullptr : workspace->state_.get());
}
void Codec::rotate(RowsView<const Float16> x, RowsView<float> y, std::span<float> norms, Workspace* workspace) const {
  rotate_rows(*plan_, x, y, norms, workspace == nullptr ? nullptr : workspace->state_.get());
}
void Codec::rotate(RowsView<const BFloat16> x, RowsView<float> y, std::span<float> norms, Workspace* workspace) const {
  rotate_rows(*plan_, x, y, norms, workspace == nullptr ? nullptr : workspace->state_.get());
}

void Codec::draw_dither(std::uint64_t first_row, std::span<std::uint32_t> words) const {
  for (std::size_t at = 0; at < words.size(); at += rows_together)
    draw(*plan_, first_row + at, std::min(rows_together, words.size() - at), words.data() + at);
}

void Codec::quantize(RowsView<const float> y, std::span<const float> norms, std::span<const std::uint32_t> words, std::span<std::uint8_t> codes,
                     Workspace* workspace) const {
  const CodecPlan& plan = *plan_;
  detail::require_equal(norms.size(), y.rows(), "norms", "rows");
  detail::require_equal(words.size(), y.rows(), "dither words", "rows");
  if (y.rows() == 0) return;
  detail::require_equal(y.dimension(), plan.order.order, "numbers in a rotated row", "orders of the codec");
  detail::require_equal(codes.size(), detail::checked_product(y.rows(), plan.code_bytes, "codes"), "bytes of codes", "bytes of these rows");
  for_rows(plan, y.rows(), workspace == nullptr ? nullptr : workspace->state_.get(), [&](std::size_t first, std::size_t last, Scratch& scratch) {
    for (std::size_t row = first; row < last; ++row) {
      const std::size_t r = (row - first) % rows_together;
      if (r == 0) plan.scheme->begin_quantize(words.data() + row, std::min(rows_together, last - row), *scratch.scheme);
      detail::check_norm(norms[row], row);
      plan.scheme->quantize(r, y.row(row), norms[row] * norm_scale(norms[row]), *scratch.scheme, codes.data() + row * plan.code_bytes);
    }
  });
}

}  // namespace hdq
