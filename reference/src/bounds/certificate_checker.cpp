// Checks a certificate of SPEC §5.5 from the definitions of SPEC §3 alone. With a the lower end of a window [a, a + 1],
//   g(v) = σ Φ⁻¹(v/N) + κ (1/(N − v) − 1/v),   z = ∫_a^{a+1} g,   M = ∫_a^{a+1} g² − z²,
// a from (N − 1)/2 (z = 0, by oddness) down to 0 (z → −∞) covers all z <= 0, and M and P are even. Hence:
//   1. walk:  start from z = 0, M = 2 ∫_{(N−1)/2}^{N/2} g² and integrate dz/da = g(a+1) − g(a),
//             dM/da = (g(a+1) − g(a)) (g(a+1) + g(a) − 2z), cell by cell; on each prove P(z) − M > 0, and add
//             ∫ M φ(z) dz to the Gaussian mean;
//   2. tail:  for a <= A, the end of the walk, an estimate (below);
//   3. compare the claims with N²·(a_0 + a_2 + 3 a_4 + Σ c exp(s²/2) + Σ e (1 − 2λ)^(−1/2)) and N²·(Gaussian mean).
#include "hdq/reference/bounds/certificate_checker.hpp"

#include <mpfr.h>

#include <boost/multiprecision/gmp.hpp>
#include <boost/multiprecision/mpfi.hpp>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "certificate_json.hpp"

namespace hdq::reference {
namespace {

constexpr unsigned digits = 40;
using Interval = boost::multiprecision::number<boost::multiprecision::mpfi_float_backend<digits>, boost::multiprecision::et_off>;
using Float =
    boost::multiprecision::number<boost::multiprecision::mpfr_float_backend<digits>, boost::multiprecision::et_off>;

Interval to_interval(const Fraction& q) {
  Interval x;
  mpfi_set_q(x.backend().data(), q.backend().data());
  return x;
}
Interval between(const Float& low, const Float& high) {
  Interval x;
  mpfi_interv_fr(x.backend().data(), low.backend().data(), high.backend().data());
  return x;
}
Float low(const Interval& x) { return Float(lower(x)); }
Float high(const Interval& x) { return Float(upper(x)); }
Interval symmetric(const Interval& x) { return between(-high(abs(x)), high(abs(x))); }  // [−|x|, |x|]
bool surely_less_equal(const Interval& x, const Interval& y) { return high(x) <= low(y); }  // false for NaN
Interval positive_part(const Interval& x) { return low(x) > 0 ? x : high(x) > 0 ? between(Float(0), high(x)) : Interval(0); }
Interval pi() {
  Interval x;
  mpfi_const_pi(x.backend().data());
  return x;
}

// ---- the normal law, from MPFR's correctly rounded erfc ----

Interval normal_density(const Interval& x) { return exp(-x * x / 2) / sqrt(2 * pi()); }

Interval normal_cdf(const Float& x) {  // Φ(x) = erfc(−x/√2)/2, and erfc decreases
  const Interval u = -Interval(x) / sqrt(Interval(2));
  Float from = high(u), to = low(u);
  mpfr_erfc(from.backend().data(), from.backend().data(), MPFR_RNDD);
  mpfr_erfc(to.backend().data(), to.backend().data(), MPFR_RNDU);
  return between(from, to) / 2;
}

// Φ⁻¹(p), 0 < p <= 1/2: Newton's method on ln Φ proposes, Φ on both sides disposes.
Interval lower_quantile(const Float& p) {
  const double log_p = static_cast<double>(log(p));
  double start = -std::sqrt(std::max(0.0, -2 * log_p - 1));
  for (int step = 0; step < 60; ++step) {
    const double cdf = std::erfc(-start / std::sqrt(2.0)) / 2, density = std::exp(-start * start / 2) / 2.5066282746310002;
    start -= (std::log(cdf) - log_p) * cdf / density;
  }
  Float x = start;
  for (int step = 0; step < 2; ++step) x -= (low(normal_cdf(x)) - p) / low(normal_density(Interval(x)));
  for (Float width = ldexp(1 + abs(x), -120);; width *= 16) {
    const Float from = x - width, to = x + width;
    if (high(normal_cdf(from)) <= p && p <= low(normal_cdf(to))) return between(from, to);
    if (!(width < 1)) throw std::runtime_error("no enclosure of a normal quantile");
  }
}
Interval quantile(const Interval& p) {
  const auto at = [](const Float& end) {
    if (end <= Float(0.5)) return lower_quantile(end);
    const Interval rest = 1 - Interval(end);
    return -between(low(lower_quantile(low(rest))), high(lower_quantile(high(rest))));
  };
  return between(low(at(low(p))), high(at(high(p))));
}

// ---- Taylor models: a function of s in [−1, 1] is Σ_{k<order} c_k s^k plus an error in `error` ----

constexpr std::size_t order = 16;

struct Model {
  std::vector<Interval> c = std::vector<Interval>(order, Interval(0));
  Interval error = 0;

  Interval range() const {
    Interval sum = c[0] + error;
    for (std::size_t k = 1; k < order; ++k) sum += symmetric(c[k]);
    return sum;
  }
  friend Model operator+(Model x, const Model& y) {
    for (std::size_t k = 0; k < order; ++k) x.c[k] += y.c[k];
    x.error += y.error;
    return x;
  }
  friend Model operator*(Model x, const Interval& factor) {
    for (Interval& c : x.c) c *= factor;
    x.error *= factor;
    return x;
  }
  friend Model operator-(const Model& x, const Model& y) { return x + y * Interval(-1); }
  friend Model operator*(const Model& x, const Model& y) {
    Model r;
    Interval beyond = 0;  // Σ |x_i y_j| over i + j >= order
    for (std::size_t i = 0; i < order; ++i) {
      for (std::size_t j = 0; i + j < order; ++j) r.c[i + j] += x.c[i] * y.c[j];
      Interval rest = 0;
      for (std::size_t j = order - i; j < order; ++j) rest += abs(y.c[j]);
      beyond += abs(x.c[i]) * rest;
    }
    const Interval x_range = x.range(), y_range = y.range();
    r.error = symmetric(beyond) + x_range * y.error + x.error * y_range + x.error * y.error;
    return r;
  }
};

Model constant(const Interval& value) {
  Model m;
  m.c[0] = value;
  return m;
}
// ∫ f from 1 to s, plus the value at 1; and ∫ f over [−1, 1].
Model integral_from_right(const Model& f, const Interval& value) {
  Model r;
  for (std::size_t k = 0; k + 1 < order; ++k) r.c[k + 1] = f.c[k] / Interval(k + 1);
  r.error = symmetric(2 * f.error) + symmetric(f.c[order - 1] / Interval(order)) * 2;
  Interval at_right = 0;
  for (const Interval& c : r.c) at_right += c;
  r.c[0] += value - at_right;
  return r;
}
Interval integral(const Model& f) {
  Interval sum = 0;
  for (std::size_t k = 0; k < order; k += 2) sum += 2 * f.c[k] / Interval(k + 1);
  return sum + 2 * f.error;
}
// exp(c_0) · exp(x), exp(x) = 1 + x (1 + x/2 (1 + … x/order · e^{θx})).
Model exp(const Model& f) {
  Model x = f;
  x.c[0] = 0;
  const Interval size = abs(x.range());
  Model sum = constant(exp(symmetric(Interval(high(size)))));
  for (std::size_t k = order; k > 0; --k) sum = constant(1) + x * sum * (1 / Interval(k));
  return sum * exp(f.c[0]);
}

// ---- the certificate ----

struct Term {
  Interval parameter, coefficient;
};

struct Certificate {
  long long levels;
  Interval n, sigma, kappa, constant, quadratic, quartic, lower, upper;
  Fraction sigma_squared, kappa_claimed, lower_claimed, upper_claimed;
  double tail;  // rounded down: the windows that begin below it are what the tail estimate covers
  std::vector<Term> cosh, exp_square;
};

std::vector<Term> terms(const nlohmann::json& majorant, const char* kind, const char* parameter, const Fraction& limit) {
  const nlohmann::json& list = field(majorant, kind);
  if (!list.is_array()) throw MalformedCertificate(std::string("\"") + kind + "\" is no array");
  if (list.size() > largest_term_count) {
    throw MalformedCertificate(std::string("\"") + kind + "\" has more than " + std::to_string(largest_term_count) + " terms");
  }
  std::vector<Term> result;
  for (const nlohmann::json& item : list) {
    const Fraction p = fraction(item, parameter), c = fraction(item, "coefficient");
    require(c >= 0, std::string("negative coefficient in \"") + kind + "\"");
    require(p >= 0 && p < limit, std::string("parameter out of range in \"") + kind + "\"");
    result.push_back({to_interval(p), to_interval(c)});
  }
  return result;
}

Certificate parse(const std::string& text) {
  const nlohmann::json json = parse_json(text);
  if (field(json, "format") != "hdq-bound-certificate") throw MalformedCertificate("not an hdq-bound-certificate");
  if (field(json, "version") != 1) throw MalformedCertificate("unknown version");
  const nlohmann::json& levels = field(json, "levels");
  if (!levels.is_number_integer()) throw MalformedCertificate("\"levels\" is no integer");
  const Fraction sigma_squared = fraction(json, "sigma_squared"), kappa = fraction(json, "kappa"), tail = fraction(json, "tail");
  const nlohmann::json& majorant = field(json, "majorant");
  const Fraction quartic = fraction(majorant, "quartic");
  const Fraction lower = fraction(json, "lower"), upper = fraction(json, "upper");
  require(levels >= 2 && levels <= (1 << 24), "levels outside [2, 2^24]");
  require(sigma_squared > 0 && kappa > 0, "sigma and kappa must be positive");
  require(quartic >= 0, "negative coefficient of z^4");
  require(tail > 0 && tail <= Fraction(1, 4), "tail outside (0, 1/4]");
  const long long n = levels.get<long long>();
  Certificate c{n, Interval(n), sqrt(to_interval(sigma_squared)), to_interval(kappa),
                to_interval(fraction(majorant, "constant")), to_interval(fraction(majorant, "quadratic")),
                to_interval(quartic), to_interval(lower), to_interval(upper), sigma_squared, kappa, lower, upper,
                mpfr_get_d(low(to_interval(tail)).backend().data(), MPFR_RNDD),
                terms(majorant, "cosh", "s", 64), terms(majorant, "exp_square", "lambda", Fraction(1, 2))};
  require(c.tail >= 0x1p-200, "tail below 2^-200");
  return c;
}

// ---- 1. the walk ----

// g(center + radius·s). Φ⁻¹(v/N) = q obeys q' = p, p' = q p², p = 1/(N φ(q)), which gives its Taylor coefficients; those
// over the whole cell give the remainder.
Model generator(const Certificate& c, const Interval& center, const Interval& radius) {
  const auto coefficients = [&](const Interval& v) {
    std::vector<Interval> q(order + 1), p(order + 1), square(order + 1, Interval(0)), g(order + 1);
    q[0] = quantile(v / c.n);
    p[0] = 1 / (c.n * normal_density(q[0]));
    Interval up = 1 / (c.n - v), down = -1 / v, power = 1;
    const Interval up_ratio = up, down_ratio = down;
    for (std::size_t k = 0; k <= order; ++k) {
      g[k] = (c.sigma * q[k] + c.kappa * (up + down)) * power;
      up *= up_ratio, down *= down_ratio, power *= radius;
      if (k == order) break;
      Interval next = 0;
      for (std::size_t i = 0; i <= k; ++i) square[k] += p[i] * p[k - i];
      for (std::size_t i = 0; i <= k; ++i) next += q[i] * square[k - i];
      q[k + 1] = p[k] / Interval(k + 1);
      p[k + 1] = next / Interval(k + 1);
    }
    return g;
  };
  Model m;
  m.c = coefficients(center);
  m.c.pop_back();
  m.error = symmetric(coefficients(center + symmetric(radius)).back());
  return m;
}

Model majorant(const Certificate& c, const Model& z) {
  const Model z2 = z * z;
  Model sum = constant(c.constant) + z2 * c.quadratic + z2 * z2 * c.quartic;
  for (const Term& t : c.cosh) sum = sum + (exp(z * t.parameter) + exp(z * -t.parameter)) * (t.coefficient / 2);
  for (const Term& t : c.exp_square) sum = sum + exp(z2 * t.parameter) * t.coefficient;
  return sum;
}

struct State {
  double a;             // windows that begin at or above it are done
  Interval z, mse;      // of the window [a, a + 1]
  Interval gaussian;    // ∫ M φ over the z so far
};

// 2 ∫_{(N−1)/2}^{N/2} g².
Interval central_mse(const Certificate& c) {
  Interval sum = 0;
  const double end = static_cast<double>(c.levels) / 2;
  for (double v = end - 0.5, next; v < end; v = next) {
    next = std::min(end, v + v / 16);
    const Interval radius = (Interval(next) - Interval(v)) / 2;
    const Model g = generator(c, Interval(v) + radius, radius);
    sum += 2 * radius * integral(g * g);
  }
  return sum;
}

// The cell [next, state.a]; false if it is too wide to see P − M > 0, or to keep M, which errors of every cell enter.
bool advance(const Certificate& c, State& state, double next) {
  const Interval radius = (Interval(state.a) - Interval(next)) / 2, center = Interval(next) + radius;
  const Model above = generator(c, center + 1, radius), below = generator(c, center, radius);
  const Model z_slope = (above - below) * radius;
  const Model z = integral_from_right(z_slope, state.z);
  const Model mse = integral_from_right(z_slope * (above + below - z * Interval(2)), state.mse);
  if (!(high(abs(mse.error)) <= low(mse.c[0]) * 0x1p-32)) return false;
  if (!(low((majorant(c, z) - mse).range()) > 0)) return false;
  const auto at_left = [](const Model& m) {
    Interval sum = m.error;
    for (std::size_t k = 0; k < order; ++k) sum += k % 2 == 0 ? m.c[k] : -m.c[k];
    return sum;
  };
  state = {next, at_left(z), at_left(mse), state.gaussian + integral(exp(z * z * Interval(-0.5)) * z_slope * mse)};
  return true;
}

// ---- 2. the tail: windows [a, a + 1], 0 < a <= A <= 1/4 ----
// There |Φ⁻¹(v/N)| <= Q := −Φ⁻¹(a/N) <= √(2 ln(N/2a)) and |1/(N − v) − 1/v| <= 1/v, so with u = ln(N/a)
//   a M <= a ∫(σQ + κ/v)² dv <= κ² + a (2σ²u + 2√2 σκ u^{3/2}),
// which increases in a while u >= 3/2: M <= K/a. And −z − κ ln(1/a) = −σ∫Φ⁻¹(v/N) dv + κ ln((1+a)(N−1−a)/(N−a)) loses at most
// κ ln(1+A) from A to a: with ζ = |z(A)| − κ ln(1+A) and x = ln(A/a) >= 0, |z| >= ζ + κx and M <= (K/A) e^x.
// Half of one growing term of P pays for a_0 + a_2 z² if negative, the other half for M:
//   (c/2) e^{s|z|}, s ζ >= 2, s κ >= 1;   or   e exp(λz²), λ ζ² >= 1, 2λκζ >= 1:  what holds at x = 0 holds for all x.
bool tail_holds(const Certificate& c, const State& state) {
  const Interval end = state.a, u = log(c.n / end);
  if (!surely_less_equal(Interval(1.5), u)) return false;
  const Interval k = c.kappa * c.kappa +
                     end * (2 * c.sigma * c.sigma * u + sqrt(Interval(8)) * c.sigma * c.kappa * u * sqrt(u));
  const Interval zeta = -state.z - c.kappa * log(1 + end);
  const Interval negative = positive_part(-c.constant) + positive_part(-c.quadratic) * zeta * zeta;
  const auto pays = [&](const Interval& term) {
    return surely_less_equal(2 * negative, term) && surely_less_equal(2 * k / end, term);
  };
  for (const Term& t : c.cosh) {
    if (surely_less_equal(Interval(2), t.parameter * zeta) && surely_less_equal(Interval(1), t.parameter * c.kappa) &&
        pays(t.coefficient / 2 * exp(t.parameter * zeta))) {
      return true;
    }
  }
  for (const Term& t : c.exp_square) {
    if (surely_less_equal(Interval(1), t.parameter * zeta * zeta) &&
        surely_less_equal(Interval(1), 2 * t.parameter * c.kappa * zeta) &&
        pays(t.coefficient * exp(t.parameter * zeta * zeta))) {
      return true;
    }
  }
  return false;
}

// ---- 3. the claims ----

void check(const Certificate& c, CertificateVerdict& verdict) {
  Interval bound = c.constant + c.quadratic + 3 * c.quartic;
  for (const Term& t : c.cosh) bound += t.coefficient * exp(t.parameter * t.parameter / 2);
  for (const Term& t : c.exp_square) bound += t.coefficient / sqrt(1 - 2 * t.parameter);
  verdict.proved_upper = mpfr_get_d(high(c.n * c.n * bound).backend().data(), MPFR_RNDU);
  require(surely_less_equal(c.n * c.n * bound, c.upper), "the majorant's bound exceeds the claimed upper");

  State state{static_cast<double>(c.levels - 1) / 2, Interval(0), central_mse(c), Interval(0)};
  int halvings = 0;
  for (double width = state.a / 8; state.a > c.tail; ++verdict.cells) {
    require(verdict.cells < largest_cell_count, "more windows are needed than are looked at");
    width = std::min(width, state.a / 6);
    while (!advance(c, state, std::max(c.tail, state.a - width))) {
      width /= 2;
      require(++halvings <= largest_cell_count, "more windows are needed than are looked at");
      require(width > state.a * 0x1p-24,
              "the majorant is not proved to exceed M near |z| = " + std::to_string(-static_cast<double>(median(state.z))));
    }
    width *= 1.5;
  }
  require(tail_holds(c, state), "no term of the majorant is proved to outgrow M on the tail");

  const Interval gaussian = 2 * state.gaussian / sqrt(2 * pi()) * c.n * c.n;
  verdict.proved_lower = mpfr_get_d(low(gaussian).backend().data(), MPFR_RNDD);
  require(surely_less_equal(c.lower, gaussian), "the claimed lower exceeds what is proved of the Gaussian limit");
}

CertificateVerdict claims_of(const Certificate& certificate) {
  CertificateVerdict verdict;
  verdict.levels = certificate.levels;
  verdict.sigma_squared = certificate.sigma_squared.str();
  verdict.kappa = certificate.kappa_claimed.str();
  verdict.claimed_lower = certificate.lower_claimed.str();
  verdict.claimed_upper = certificate.upper_claimed.str();
  verdict.lower = mpfr_get_d(low(certificate.lower).backend().data(), MPFR_RNDD);
  verdict.upper = mpfr_get_d(high(certificate.upper).backend().data(), MPFR_RNDU);
  return verdict;
}

}  // namespace

CertificateVerdict check_certificate(const std::string& json) {
  return verdict_by<CertificateVerdict>([&](CertificateVerdict& verdict) {
    const Certificate certificate = parse(json);
    verdict = claims_of(certificate);
    check(certificate, verdict);
    verdict.accepted = true;
  });
}

CertificateVerdict certificate_claims(const std::string& json) {
  return verdict_by<CertificateVerdict>([&](CertificateVerdict& verdict) { verdict = claims_of(parse(json)); });
}

}  // namespace hdq::reference
