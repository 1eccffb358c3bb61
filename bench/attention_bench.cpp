// One token's attention over hdq::KeyValueCache, beside attention over float16 and float32 keys and values.
#include <fmt/format.h>

#include <cmath>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>

#include "attention_kernels.hpp"
#include "bandwidth.hpp"
#include "figure.hpp"
#include "hdq/attention.hpp"
#include "openblas_attention.hpp"
#include "peers.hpp"

namespace hdq::bench {
namespace {

constexpr std::size_t kHeads = 8;
constexpr std::size_t kPeriod = 1024;  // tokens that are drawn; then they come again

std::vector<float> gaussian(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<float> normal;
  std::vector<float> x(count);
  for (float& value : x) value = normal(random);
  return x;
}

// kv_heads × tokens × 128 keys and values.
template <class Element>
struct Plain {
  std::vector<Element> keys, values;
  double bytes() const { return static_cast<double>((keys.size() + values.size()) * sizeof(Element)); }
};

// Keys in rows, as OpenBLAS takes them.
struct Rows : Plain<float> {};

// The same input for hdq and for all peers.
struct Attention {
  Attention(const Settings& settings, std::size_t tokens_, std::size_t queries_)
      : isa(settings.isa),
        tokens(tokens_),
        queries(queries_),
        q(gaussian(queries * kHeadDimension, 3)),
        out(q.size()),
        weights(queries / kHeads * tokens),
        drawn_keys(gaussian(kPeriod * kHeads * kHeadDimension, 1)),
        drawn_values(gaussian(kPeriod * kHeads * kHeadDimension, 2)) {}

  // tokens × 128 of a head.
  std::vector<float> rows(const std::vector<float>& drawn, std::size_t head) const {
    std::vector<float> x(tokens * kHeadDimension);
    for (std::size_t t = 0; t < tokens; ++t)
      std::copy_n(drawn.data() + (t % (drawn.size() / kHeads / kHeadDimension) * kHeads + head) * kHeadDimension, kHeadDimension,
                  x.data() + t * kHeadDimension);
    return x;
  }

  template <class Element>
  Plain<Element> plain() const {
    return plain<Element>(drawn_keys, drawn_values);
  }

  template <class Element>
  Plain<Element> plain(const std::vector<float>& all_keys, const std::vector<float>& all_values) const {
    const AttentionKernels& kernels = attention_kernels(isa);
    const std::size_t size = tokens * kHeadDimension;
    Plain<Element> all{std::vector<Element>(kHeads * size), std::vector<Element>(kHeads * size)};
    for (std::size_t h = 0; h < kHeads; ++h) {
      const std::vector<float> keys = rows(all_keys, h), values = rows(all_values, h);
      if constexpr (sizeof(Element) == 4) {
        kernels.pack_float32(keys.data(), tokens, all.keys.data() + h * size);
        std::copy(values.begin(), values.end(), all.values.data() + h * size);
      } else {
        kernels.pack_float16(keys.data(), tokens, all.keys.data() + h * size);
        kernels.narrow(values.data(), tokens, all.values.data() + h * size);
      }
    }
    return all;
  }

  template <class Element>
  void attend(const Plain<Element>& all) {
    const AttentionKernels& kernels = attention_kernels(isa);
    const std::size_t size = tokens * kHeadDimension, group = queries / kHeads;
    for (std::size_t h = 0; h < kHeads; ++h) {
      const HeadOf<Element> head{all.keys.data() + h * size, all.values.data() + h * size, tokens};
      const std::size_t at = h * group * kHeadDimension;
      if constexpr (sizeof(Element) == 4)
        kernels.attend_float32(head, q.data() + at, group, weights.data(), out.data() + at);
      else
        kernels.attend_float16(head, q.data() + at, group, weights.data(), out.data() + at);
    }
  }

  Rows in_rows() const {
    Rows all;
    for (std::size_t h = 0; h < kHeads; ++h)
      for (auto [to, from] : {std::pair(&all.keys, &drawn_keys), std::pair(&all.values, &drawn_values)}) {
        const std::vector<float> head = rows(*from, h);
        to->insert(to->end(), head.begin(), head.end());
      }
    return all;
  }

  void attend(const Rows& all) {
    const std::size_t size = tokens * kHeadDimension, group = queries / kHeads;
    for (std::size_t h = 0; h < kHeads; ++h)
      attend_openblas(attention_kernels(isa), {all.keys.data() + h * size, all.values.data() + h * size, tokens},
                      q.data() + h * group * kHeadDimension, group, weights.data(),
                      out.data() + h * group * kHeadDimension);
  }

  void attend(KeyValueCache& cache) {
    cache.attend({q.data(), queries, kHeadDimension}, {out.data(), queries, kHeadDimension});
  }

  std::unique_ptr<KeyValueCache> cache(int bits) const {
    auto made = std::make_unique<KeyValueCache>(AttentionShape{kHeadDimension, kHeads, queries}, BitWidth(bits),
                                                BitWidth(bits), KeyValueCacheOptions{}, KeyValueCacheThreads{isa, 1});
    const std::size_t count = kPeriod * kHeads;
    for (std::size_t t = 0; t < tokens; t += kPeriod)
      made->append(RowsView<const float>(drawn_keys.data(), count, kHeadDimension),
                   RowsView<const float>(drawn_values.data(), count, kHeadDimension));
    return made;
  }

  Isa isa;
  std::size_t tokens, queries;
  std::vector<float> q, out, weights, drawn_keys, drawn_values;
};

double relative_error(const std::vector<float>& x, const std::vector<float>& reference) {
  double error = 0, norm = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    error += std::pow(static_cast<double>(x[i]) - reference[i], 2);
    norm += std::pow(static_cast<double>(reference[i]), 2);
  }
  return std::sqrt(error / norm);
}

// A figure of wrong sums is worth nothing: fails where `out` is further from the float32 sums than `limit`.
std::string checked(const Settings& settings, Attention& a, double bytes, double float16_bytes, double limit) {
  const std::vector<float> mine = a.out;
  a.attend(a.plain<float>());
  const double error = relative_error(mine, a.out);
  if (!(error < limit))
    throw std::runtime_error(fmt::format("attention: relative error {:.3g}, not below {}", error, limit));
  return fmt::format("{:.1f} MB, float16 {:.1f} MB; relative error {:.2g}; read {:.1f} GB/s", bytes * 1e-6,
                     float16_bytes * 1e-6, error, dram_read(settings));
}

template <class Keep>
Trial beside_float16(const Settings& settings, std::shared_ptr<Attention> a, std::shared_ptr<Keep> mine, double bytes,
                     double limit) {
  auto half = std::make_shared<Plain<std::uint16_t>>(a->plain<std::uint16_t>());
  const int decoded =
      static_cast<int>(65536 / a->tokens);  // tokens of a pass, which a single one would leave to chance
  const auto timed = [=](auto& kept) {
    return seconds([&] {
      for (int i = 0; i < decoded; ++i) a->attend(kept);
    });
  };
  Trial trial;
  trial.amount = decoded;
  trial.pass = [=] { return timed(*mine); };
  trial.bound = [=] { return value_of(Unit::tokens_per_second, decoded, timed(*half)); };
  trial.pass();
  trial.note = checked(settings, *a, bytes, half->bytes(), limit);
  trial.bound();  // warm
  return trial;
}

// Against attention over what the cache decodes: against the original rows hdq's error has no bound, as a single key may be far off.
void check_sums(Attention& a, KeyValueCache& cache) {
  a.attend(cache);
  const std::vector<float> mine = a.out;
  std::vector<float> keys(a.tokens * kHeads * kHeadDimension), values(keys.size());
  cache.decode_keys({keys.data(), a.tokens * kHeads, kHeadDimension});
  cache.decode_values({values.data(), a.tokens * kHeads, kHeadDimension});
  a.attend(a.plain<float>(keys, values));
  const double error = relative_error(mine, a.out);
  if (!(error < 1e-3)) throw std::runtime_error(fmt::format("attention: {:.3g} from that over the decoded rows", error));
}

Trial hdq_attention(const Settings& settings, std::size_t tokens, std::size_t queries, int bits) {
  auto a = std::make_shared<Attention>(settings, tokens, queries);
  auto cache = std::shared_ptr<KeyValueCache>(a->cache(bits));
  check_sums(*a, *cache);
  return beside_float16(settings, a, cache, static_cast<double>(cache->token_bytes() * tokens), HUGE_VAL);
}

template <class Element>
Trial plain_attention(const Settings& settings, std::size_t tokens, std::size_t queries) {
  auto a = std::make_shared<Attention>(settings, tokens, queries);
  auto all = std::make_shared<Plain<Element>>(a->plain<Element>());
  return beside_float16(settings, a, all, all->bytes(), 1e-2);
}

Trial openblas_attention(const Settings& settings, std::size_t tokens, std::size_t queries) {
  auto a = std::make_shared<Attention>(settings, tokens, queries);
  auto all = std::make_shared<Rows>(a->in_rows());
  return beside_float16(settings, a, all, all->bytes(), 1e-2);
}

}  // namespace

void add_attention(const Settings& settings) {
  for (const std::size_t tokens : {4096u, 32768u})
    for (const std::size_t queries : {8u, 32u}) {
      const auto add_case = [&](const std::string& name, std::function<Trial()> prepare) {
        add(settings, {fmt::format("attention/tokens={}/queries={}/{}", tokens, queries, name),
                       Unit::tokens_per_second,
                       "float16 attention",
                       {},
                       {},
                       true,
                       std::move(prepare)});
      };
      for (const int bits : {2, 3, 4})
        add_case(fmt::format("b={}", bits), [=] { return hdq_attention(settings, tokens, queries, bits); });
      add_case("float16", [=] { return plain_attention<std::uint16_t>(settings, tokens, queries); });
      add_case("float32", [=] { return plain_attention<float>(settings, tokens, queries); });
      if (!openblas_description().empty())
        add_case("openblas-float32", [=] { return openblas_attention(settings, tokens, queries); });
    }
}

}  // namespace hdq::bench
