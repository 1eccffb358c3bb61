#include "hdq/reference/laws/rademacher_law.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace hdq::reference {
namespace {

constexpr slong guard_bits = 96;  // counts up to 2^32, factorials and cosh of the largest sums

Ball exact_sum(const Ball& a, const Ball& b) {
  Ball r;
  arb_add(r.get(), a.get(), b.get(), ARF_PREC_EXACT);
  return r;
}
Ball exact_product(const Ball& a, const Ball& b) {
  Ball r;
  arb_mul(r.get(), a.get(), b.get(), ARF_PREC_EXACT);
  return r;
}
bool mid_less(const Ball& a, const Ball& b) { return arf_cmp(arb_midref(a.get()), arb_midref(b.get())) < 0; }
bool mid_equal(const Ball& a, const Ball& b) { return arf_equal(arb_midref(a.get()), arb_midref(b.get())) != 0; }

// T with E[cosh(sS); S_g > T] <= exp(s²/2 − (T − vs)²/(2v)) <= 2^-bits, v the part's variance.
Ball cut_for(const Ball& variance, const Ball& rate, slong bits) {
  return (variance * rate + sqrt(variance * (1.387 * Ball(bits) + square(rate)))).mid();
}

// E[cosh(sS); |S_g| > T] = 2 E[cosh(sS); S_g > T] <= E[(e^{sS} + e^{−sS}) e^{τ(S_g − T)}] with τ = T/v − s. Exponential moments of
// Rademacher sums are at most those of normal ones (theorem 5.4), which leaves 2 exp(s²/2 + ((s + τ)² − s²) v/2 − τT).
Ball left_out_bound(const Ball& variance, const Ball& cut, const Ball& rate) {
  const Ball tau = max(cut / variance - rate, Ball(0)).mid();
  return 2 * exp(ldexp(square(rate), -1) + ldexp((2 * rate + tau) * tau * variance, -1) - tau * cut);
}

}  // namespace

// (m − 2k)·w for the k with |m − 2k|·w <= cut, from the middle outwards by the ratio of neighbours.
RademacherLaw::Atoms RademacherLaw::binomial(const RademacherSum::Term& term, const Ball& cut) {
  const std::uint64_t m = term.count, middle = m / 2;
  Atoms upper;  // k = middle, middle − 1, …: sums m − 2k >= 0 ascending
  Ball probability;
  arb_bin_uiui(probability.get(), m, middle, working_precision());
  probability = ldexp(probability, -static_cast<slong>(m));
  for (std::uint64_t k = middle;; --k) {
    const Ball sum = exact_product(Ball(m - 2 * k), term.magnitude);
    if (certainly_less(cut, sum)) break;
    upper.push_back({sum, probability});
    if (k == 0) break;
    probability = probability * k / (m - k + 1);
  }
  Atoms atoms;
  for (std::size_t i = upper.size(); i-- > 0;) {
    if (!upper[i].sum.contains_zero()) atoms.push_back({-upper[i].sum, upper[i].probability});
  }
  atoms.insert(atoms.end(), upper.begin(), upper.end());
  return atoms;
}

RademacherLaw::Atoms RademacherLaw::convolve(const Atoms& a, const Atoms& b) {
  Atoms pairs;
  pairs.reserve(a.size() * b.size());
  for (const Atom& x : a) {
    for (const Atom& y : b) pairs.push_back({exact_sum(x.sum, y.sum), x.probability * y.probability});
  }
  std::sort(pairs.begin(), pairs.end(), [](const Atom& x, const Atom& y) { return mid_less(x.sum, y.sum); });
  Atoms merged;
  for (Atom& atom : pairs) {
    if (!merged.empty() && mid_equal(merged.back().sum, atom.sum)) merged.back().probability += atom.probability;
    else merged.push_back(std::move(atom));
  }
  return merged;
}

std::optional<RademacherLaw> RademacherLaw::make(const RademacherSum& sum, const Ball& rate, slong bits,
                                                 std::size_t limit) {
  Precision precision(bits + guard_bits);
  RademacherLaw law;
  law.scale_ = 1 / sum.norm();
  law.first_ = law.second_ = {{Ball(0), Ball(1)}};
  std::vector<Atoms> parts;
  for (const RademacherSum::Term& term : sum.terms()) {
    const Ball variance = (term.count * square(term.magnitude) * square(law.scale_)).upper_end();
    const Ball cut = cut_for(variance, rate, bits + 8);
    const Ball longest = term.count * term.magnitude * law.scale_;
    const bool cut_short = certainly_less(cut, longest);
    // Atoms within the cut: refuse before making them.
    const Ball atoms = min(longest, cut) / (term.magnitude * law.scale_);
    if (!certainly_less(atoms, Ball(limit))) return std::nullopt;
    parts.push_back(binomial(term, cut_short ? cut / law.scale_ : 2 * term.count * term.magnitude));
    if (cut_short) law.left_out_ += left_out_bound(variance, cut, rate);
  }
  std::sort(parts.begin(), parts.end(), [](const Atoms& a, const Atoms& b) { return a.size() > b.size(); });
  std::size_t work = 0;
  for (const Atoms& part : parts) {
    Atoms& smaller = law.first_.size() <= law.second_.size() ? law.first_ : law.second_;
    work += smaller.size() * part.size();
    if (smaller.size() * part.size() > 4 * limit || work > 32 * limit) return std::nullopt;
    smaller = convolve(smaller, part);
    if (smaller.size() > limit) return std::nullopt;
  }
  if (law.first_.size() < law.second_.size()) std::swap(law.first_, law.second_);
  return law;
}

std::string RademacherLaw::description() const {
  std::string text = std::to_string(first_.size());
  if (second_.size() > 1) text += " x " + std::to_string(second_.size());
  text += " sums";
  if (certainly_less(Ball(0), left_out_)) text += ", far ones bounded";
  return text;
}

Ball RademacherLaw::expectation(MseExpansion& mse) const {
  Precision precision(mse.bits() + guard_bits);
  const double terms = static_cast<double>(mse.piece(0).mse.terms());
  const double span = 2 * ((first_.back().sum + second_.back().sum) * scale_ / mse.step()).upper_double() + 2;
  const double atoms = static_cast<double>(first_.size() + second_.size());
  const double clusters = std::min(span, static_cast<double>(first_.size())) *
                          std::min(span, static_cast<double>(second_.size()));
  const bool direct = static_cast<double>(pairs()) * terms < atoms * terms + clusters * terms * terms;
  const Ball value = direct ? sum_over_pairs(mse) : sum_over_clusters(mse);
  if (!certainly_less(Ball(0), left_out_)) return value;
  return value + hull(Ball(0), mse.majorant() * left_out_);
}

// The law is symmetric: sums of the first half below zero mirror those above.
Ball RademacherLaw::sum_over_pairs(MseExpansion& mse) const {
  const bool few = pairs() <= 64;  // then M itself, and no expansion
  Ball total;
  for (const Atom& a : first_) {
    if (a.sum.certainly_negative()) continue;
    Ball inner;
    for (const Atom& b : second_) {
      const Ball z = exact_sum(a.sum, b.sum) * scale_;
      inner += b.probability * (few ? mse.quantizer().mse(z) : mse(z));
    }
    total += (a.sum.contains_zero() ? a.probability : ldexp(a.probability, 1)) * inner;
  }
  return total;
}

namespace {

// Σ p yˡ/l! over the atoms of one cluster, y = their distance from its centre i·h in units of h, |y| <= 1/2.
using Moments = std::vector<Ball>;

template <class Atoms>
std::map<slong, Moments> cluster_moments(const Atoms& atoms, const Ball& units_per_sum, std::size_t terms) {
  std::map<slong, Moments> clusters;
  for (const auto& atom : atoms) {
    const Ball position = atom.sum * units_per_sum;
    const slong i = std::lround(position.mid_double());
    Moments& moments = clusters.try_emplace(i, terms).first->second;
    const Ball y = position - i;
    Ball power = atom.probability;
    for (std::size_t l = 0; l < terms; ++l) {
      moments[l] += power;
      power = power * y;
    }
  }
  Ball factorial(1);
  for (std::size_t l = 2; l < terms; ++l) {
    factorial = factorial * l;
    for (auto& [i, moments] : clusters) moments[l] = moments[l] / factorial;
  }
  return clusters;
}

}  // namespace

// With clusters i of the first half and j of the second, sums lie within h of (i + j)·h, where one polynomial Σ c_k yᵏ of M
// holds:  E yᵏ = k! Σ_l (moment l of i)(moment k − l of j), and M even leaves i + j >= 0 with the rest mirrored.
Ball RademacherLaw::sum_over_clusters(MseExpansion& mse) const {
  const std::size_t terms = mse.piece(0).mse.terms();
  const Ball units_per_sum = scale_ / mse.step();
  const auto first = cluster_moments(first_, units_per_sum, terms);
  const auto second = cluster_moments(second_, units_per_sum, terms);
  std::map<slong, Moments> joint;
  for (const auto& [i, a] : first) {
    for (const auto& [j, b] : second) {
      if (i + j < 0) continue;
      Moments& moments = joint.try_emplace(i + j, terms).first->second;
      for (std::size_t k = 0; k < terms; ++k) {
        arb_dot(moments[k].get(), moments[k].get(), 0, a[0].get(), 1, b[k].get(), -1, static_cast<slong>(k + 1),
                working_precision());
      }
    }
  }
  Ball total;
  for (const auto& [m, moments] : joint) {
    const MseExpansion::Piece& piece = mse.piece(static_cast<std::size_t>(m));
    Ball value = with_error(Ball(0), piece.error * moments[0]), scale(1);  // scale = k! hᵏ
    for (std::size_t k = 0; k < std::min(terms, piece.mse.terms()); ++k) {
      value += piece.mse[k] * scale * moments[k];
      scale = scale * mse.step() * (k + 1);
    }
    total += m == 0 ? value : ldexp(value, 1);
  }
  return total;
}

// ---- piecewise polynomials ----

namespace {

// Σ over b_0 … b_{i−1} of p bᵏ, for differences over ranges of b.
struct PrefixMoments {
  std::vector<std::vector<Ball>> sums;  // [k][i]
  template <class Atoms>
  PrefixMoments(const Atoms& atoms, const Ball& scale, std::size_t degree) : sums(degree + 1) {
    for (std::vector<Ball>& s : sums) s.resize(atoms.size() + 1);
    for (std::size_t i = 0; i < atoms.size(); ++i) {
      Ball power = atoms[i].probability;
      const Ball b = atoms[i].sum * scale;
      for (std::size_t k = 0; k <= degree; ++k, power *= b) sums[k][i + 1] = sums[k][i] + power;
    }
  }
  Ball over(std::size_t k, std::size_t from, std::size_t to) const { return sums[k][to] - sums[k][from]; }
};

// Σ_{b in the range} p f(a + b) for one polynomial f, expanded about a.
Ball range_sum(const TaylorSeries& f, const Ball& a, const PrefixMoments& b, std::size_t from, std::size_t to) {
  TaylorSeries g = f;  // f(a + y)
  for (std::size_t i = 0; i + 1 < g.terms(); ++i) {
    for (std::size_t k = g.terms() - 1; k-- > i;) g[k] += a * g[k + 1];
  }
  Ball sum;
  for (std::size_t k = 0; k < g.terms(); ++k) sum += g[k] * b.over(k, from, to);
  return sum;
}

// f(−z) as a polynomial in z, with the parity's sign.
TaylorSeries mirrored(TaylorSeries f, PiecewisePolynomial::Parity parity) {
  const bool odd = parity == PiecewisePolynomial::Parity::odd;
  for (std::size_t k = 0; k < f.terms(); ++k) {
    if ((k % 2 == 1) != odd) f[k] = -f[k];
  }
  return f;
}

}  // namespace

Ball RademacherLaw::expectation(const PiecewisePolynomial& f) const {
  return expectation_shifted(f, Ball(0), scale_);
}

Ball RademacherLaw::expectation_shifted(const PiecewisePolynomial& f, const Ball& offset, const Ball& scale) const {
  const Atoms& many = first_;  // the larger half: ranges of it between breaks, for each atom of the other
  const PrefixMoments prefix(many, scale, f.degree());
  // All of R: breaks −c_n < … < −c_1 < 0 < c_1 < … < c_n in units of sums, polynomial i on the piece ending at break i.
  std::vector<Ball> breaks;
  std::vector<TaylorSeries> polynomials;
  for (std::size_t i = f.breaks.size(); i-- > 1;) {
    breaks.push_back(-f.breaks[i] / scale);
    polynomials.push_back(mirrored(f.polynomials[i], f.parity));
  }
  breaks.push_back(Ball(0));
  polynomials.push_back(mirrored(f.polynomials[0], f.parity));
  for (std::size_t i = 0; i < f.breaks.size(); ++i) {
    if (i > 0) breaks.push_back(f.breaks[i] / scale);
    polynomials.push_back(f.polynomials[i]);
  }
  const auto bound = [&](const Ball& value) {  // the first sum of the larger half that is not below value
    return static_cast<std::size_t>(
        std::lower_bound(many.begin(), many.end(), value, [](const Atom& x, const Ball& v) { return mid_less(x.sum, v); }) -
        many.begin());
  };
  Ball total;
  for (const Atom& atom : second_) {
    const Ball a = exact_sum(atom.sum, offset), a_scaled = a * scale;
    Ball inner;
    std::size_t from = 0;
    for (std::size_t i = 0; i <= breaks.size(); ++i) {
      std::size_t to = many.size(), next = to;
      if (i < breaks.size()) {
        const Ball target = breaks[i] - a;
        const bool exact_zero = breaks[i].is_exact() && breaks[i].contains_zero();
        to = bound(exact_zero ? -a : target.lower_end());
        next = exact_zero ? to : bound(target.upper_end());
        while (next < many.size() && !mid_less(exact_zero ? -a : target.upper_end(), many[next].sum)) ++next;
      }
      if (from < to) inner += range_sum(polynomials[i], a_scaled, prefix, from, to);
      // Sums that no comparison separates from the break, or equal to it.
      for (std::size_t j = std::max(from, to); j < next; ++j) {
        inner += many[j].probability * f(exact_sum(a, many[j].sum) * scale);
      }
      from = std::max(from, next);
    }
    total += atom.probability * inner;
  }
  return total;
}

}  // namespace hdq::reference
