// Checks a certificate of SPEC §5.10. ζ is odd: v_i/d on (e_i/d, e_{i+1}/d), e_0 = 0 < e_1 < …, 0 <= v_0 <= v_1 <= …, the last cell without
// end; 1/d is the unit. With a_1 <= … <= a_n the values of ζ on the whole line and w_i their probabilities:
//   D_N(ζ) >= F(n) − λN,  F(j) = min over i < j of F(i) + λ + distortion(i, j),   distortion(i, j) = S_2 − S_1²/S_0, S_k = Σ w a^k over i < k <= j,
// since N codewords cut the values into at most N intervals, and an interval costs least at its mean. Smaller w make it smaller.
//   E(ζ − z)² = Σ w a² + 1 − 4 Σ_i (v_i − v_{i−1})/d·φ(e_i/d), v_{−1} = 0: summation by parts of E ζz = 2 Σ v_i/d·(φ(e_i/d) − φ(e_{i+1}/d)).
// Distortions are integers, in units of 2^-256/d².
#include "hdq/reference/bounds/optimality_checker.hpp"

#include <mpfr.h>

#include <boost/multiprecision/gmp.hpp>
#include <boost/multiprecision/mpfr.hpp>
#include <cstdint>
#include <vector>

#include "certificate_json.hpp"

namespace hdq::reference {
namespace {

using Int = boost::multiprecision::number<boost::multiprecision::gmp_int, boost::multiprecision::et_off>;
using Float =
    boost::multiprecision::number<boost::multiprecision::mpfr_float_backend<100>, boost::multiprecision::et_off>;

constexpr unsigned mass_bits = 256;

struct Certificate {
  long long levels;
  long long denominator;                   // d
  std::vector<std::int64_t> ends, values;  // e_1 …, v_0 …
  Fraction price, lower;                   // λ
};

// ---- reading ----

std::vector<std::int64_t> integers(const nlohmann::json& json, const char* name) {
  constexpr std::int64_t most = std::int64_t{1} << 50;
  const nlohmann::json& list = field(json, name);
  std::string quoted = "\"";  // appended to: GCC 12 warns falsely of a sum of several strings
  quoted.append(name).append("\"");
  if (!list.is_array()) throw MalformedCertificate(quoted + " is no array");
  if (list.size() > largest_surrogate)
    throw MalformedCertificate(quoted + " has more than " + std::to_string(largest_surrogate) + " entries");
  std::vector<std::int64_t> result;
  for (const nlohmann::json& item : list) {
    // A number beyond 2^63 reads as unsigned, one beyond 2^64 as a float.
    if (!item.is_number_integer()) throw MalformedCertificate(quoted + " holds what is no integer");
    require(item >= 0 && item <= most, quoted + " holds a number outside [0, 2^50]");
    result.push_back(item.get<std::int64_t>());
  }
  return result;
}

Certificate parse(const std::string& text) {
  const nlohmann::json json = parse_json(text);
  if (field(json, "format") != optimality_format)
    throw MalformedCertificate(std::string("not an ") + optimality_format);
  if (field(json, "version") != 1) throw MalformedCertificate("unknown version");
  const nlohmann::json& levels = field(json, "levels");
  if (!levels.is_number_integer()) throw MalformedCertificate("\"levels\" is no integer");
  const Fraction unit = fraction(json, "unit"), price = fraction(json, "price"), lower = fraction(json, "lower");
  require(levels >= 2 && levels <= (1 << 24), "levels outside [2, 2^24]");
  require(numerator(unit) == 1 && denominator(unit) <= 1'000'000'000, "the unit is not 1/d with 1 <= d <= 10^9");
  require(price > 0, "the price must be positive");
  Certificate c{levels.get<long long>(),
                static_cast<long long>(denominator(unit)),
                integers(json, "ends"),
                integers(json, "values"),
                price,
                lower};
  require(c.values.size() == c.ends.size() + 1, "there must be one value more than ends of cells");
  for (std::size_t i = 0; i < c.ends.size(); ++i) {
    require(c.ends[i] > (i == 0 ? 0 : c.ends[i - 1]),
            "the ends of cells do not increase at entry " + std::to_string(i));
    require(c.values[i] <= c.values[i + 1], "the values decrease at entry " + std::to_string(i + 1));
  }
  return c;
}

// ---- the normal law, times 2^256, as integers ----

Int scaled(Float& x, mpfr_rnd_t direction) {
  mpfr_mul_2ui(x.backend().data(), x.backend().data(), mass_bits, MPFR_RNDN);  // exact
  Int n;
  mpfr_get_z(n.backend().data(), x.backend().data(), direction);
  return n;
}

// P(z > e/d) = erfc(e/(d√2))/2, which decreases.
Int tail(std::int64_t e, long long d, mpfr_rnd_t direction) {
  const mpfr_rnd_t other = direction == MPFR_RNDD ? MPFR_RNDU : MPFR_RNDD;
  Float root = 2, x = e;
  mpfr_sqrt(root.backend().data(), root.backend().data(), direction);
  mpfr_mul_si(root.backend().data(), root.backend().data(), d, direction);
  mpfr_div(x.backend().data(), x.backend().data(), root.backend().data(), other);
  mpfr_erfc(x.backend().data(), x.backend().data(), direction);
  mpfr_div_2ui(x.backend().data(), x.backend().data(), 1, direction);
  return scaled(x, direction);
}

// φ(e/d) = exp(−e²/(2d²))/√(2π), rounded down.
Int density_below(std::int64_t e, long long d) {
  Float x = e, root;
  mpfr_div_si(x.backend().data(), x.backend().data(), d, MPFR_RNDU);
  mpfr_sqr(x.backend().data(), x.backend().data(), MPFR_RNDU);
  mpfr_div_si(x.backend().data(), x.backend().data(), -2, MPFR_RNDD);
  mpfr_exp(x.backend().data(), x.backend().data(), MPFR_RNDD);
  mpfr_const_pi(root.backend().data(), MPFR_RNDU);
  mpfr_mul_ui(root.backend().data(), root.backend().data(), 2, MPFR_RNDU);
  mpfr_sqrt(root.backend().data(), root.backend().data(), MPFR_RNDU);
  mpfr_div(x.backend().data(), x.backend().data(), root.backend().data(), MPFR_RNDD);
  return scaled(x, MPFR_RNDD);
}

// Probabilities of the cells of z > 0, from below and from above.
struct Masses {
  std::vector<Int> below, above;
};

Masses masses(const Certificate& c) {
  Masses m;
  Int low = tail(0, c.denominator, MPFR_RNDD), high = tail(0, c.denominator, MPFR_RNDU);
  for (std::size_t i = 0; i < c.values.size(); ++i) {
    const bool last = i == c.ends.size();
    const Int next_low = last ? Int(0) : tail(c.ends[i], c.denominator, MPFR_RNDD);
    const Int next_high = last ? Int(0) : tail(c.ends[i], c.denominator, MPFR_RNDU);
    m.below.push_back(low > next_high ? Int(low - next_high) : Int(0));
    m.above.push_back(high - next_low);
    low = next_low, high = next_high;
  }
  return m;
}

// ---- the two terms, times 2^256·d² ----

// At most F(n) − λN.
Int least_distortion(const Certificate& c, const std::vector<Int>& mass, const Int& price) {
  struct Sums {
    Int s0 = 0, s1 = 0, s2 = 0;
  };
  const std::size_t half = c.values.size();
  std::vector<Sums> sums(1);
  for (std::size_t k = 0; k < 2 * half; ++k) {
    const std::size_t cell = k < half ? half - 1 - k : k - half;
    const Int a = k < half ? -c.values[cell] : c.values[cell];
    const Int &w = mass[cell], wa = w * a;
    sums.push_back({sums[k].s0 + w, sums[k].s1 + wa, sums[k].s2 + wa * a});
  }
  std::vector<Int> f(sums.size(), Int(0));
  std::size_t pairs = 0;
  for (std::size_t j = 1; j < f.size(); ++j) {
    Int best = 0;
    for (std::size_t i = j; i-- > 0;) {
      require(++pairs <= largest_pair_count, "more pairs of cells are needed than are looked at");
      const Int s0 = sums[j].s0 - sums[i].s0, s1 = sums[j].s1 - sums[i].s1, s2 = sums[j].s2 - sums[i].s2;
      const Int unpriced =
          f[i] + (s0 == 0 ? Int(0) : Int((s2 * s0 - s1 * s1) / s0));  // Cauchy and Schwarz: not negative
      if (i + 1 == j || unpriced + price < best) best = unpriced + price;
      // An interval that begins farther left could end at i too: F(h) + λ + distortion(h, j) >= F(i) + distortion(i, j).
      if (unpriced >= best) break;
    }
    f[j] = best;
  }
  return f.back() - price * c.levels;
}

// At least E(ζ − z)².
Int penalty(const Certificate& c, const std::vector<Int>& mass) {
  const Int d = c.denominator;
  Int sum = d * d << mass_bits;
  std::int64_t before = 0;
  for (std::size_t i = 0; i < c.values.size(); ++i) {
    const Int v = c.values[i];
    sum += 2 * mass[i] * v * v - 4 * (v - before) * d * density_below(i == 0 ? 0 : c.ends[i - 1], c.denominator);
    before = c.values[i];
  }
  return sum;
}

double rounded_down(const Fraction& q) {
  Float x;
  mpfr_set_q(x.backend().data(), q.backend().data(), MPFR_RNDD);
  return mpfr_get_d(x.backend().data(), MPFR_RNDD);
}

OptimalityVerdict claims_of(const Certificate& c) {
  OptimalityVerdict verdict;
  verdict.levels = c.levels;
  verdict.claimed_lower = c.lower.str();
  verdict.lower = rounded_down(c.lower);
  verdict.cells = 2 * c.values.size();
  return verdict;
}

void check(const Certificate& c, OptimalityVerdict& verdict) {
  const Int d = c.denominator, scale = d * d << mass_bits;
  const Int price = numerator(c.price) * scale / denominator(c.price);  // rounded down: any price will do
  const Masses m = masses(c);
  const Int bound = least_distortion(c, m.below, price) - penalty(c, m.above);
  const Fraction proved = Fraction(bound * c.levels * c.levels) / Fraction(scale);
  verdict.proved_lower = rounded_down(proved);
  require(c.lower <= proved, "the claimed lower exceeds what is proved");
}

}  // namespace

OptimalityVerdict check_optimality(const std::string& json) {
  return verdict_by<OptimalityVerdict>([&](OptimalityVerdict& verdict) {
    const Certificate certificate = parse(json);
    verdict = claims_of(certificate);
    check(certificate, verdict);
    verdict.accepted = true;
  });
}

OptimalityVerdict optimality_claims(const std::string& json) {
  return verdict_by<OptimalityVerdict>([&](OptimalityVerdict& verdict) { verdict = claims_of(parse(json)); });
}

}  // namespace hdq::reference
