// For each bit width a proved bracket of the worst mean squared error over all dimensions and vectors (SPEC §5.5), the worst case beside
// π√3/2·N^-2 as N grows (SPEC §5.7), and what no unbiased rule can fall below (SPEC §5.10).
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "hdq/figures/notation.hpp"
#include "hdq/reference/bounds/certificate.hpp"
#include "hdq/reference/bounds/optimality.hpp"
#include "hdq/reference/bounds/uniform_bound.hpp"

namespace hdq::figures {

// One certificate per quantizer, on so many threads: 0 is one per core. Of optimality: for each N of these.
std::vector<reference::BoundCertificate> certify(const std::vector<reference::BoundedQuantizer>& quantizers,
                                                 int threads, const Advance& advance = {});
std::vector<reference::OptimalityCertificate> certify_optimality(
    const std::vector<reference::BoundedQuantizer>& quantizers, int threads, const Advance& advance = {});

// N = 2^1 … 2^16 with σ = √3 and κ = 3/16. SPEC §5.7 holds for every fixed κ; this one is close to the shipped 13/64 of b = 8.
std::vector<reference::BoundedQuantizer> asymptotic_quantizers();

// (upper − lower)/lower.
reference::Rational relative_width(const reference::BoundCertificate& certificate);
// How many terms the majorant has.
std::size_t term_count(const reference::Majorant& majorant);
// What the worst case exceeds the best possible by, in percent.
reference::Rational gap_percent(const reference::BoundCertificate& worst, const reference::OptimalityCertificate& best);

// The certified ends of N²·E‖x̂ − x‖²/‖x‖²; "asymptotic" and "optimality", one entry for each of `shipped`, where they were asked for.
Notation::Json bounds(const std::vector<reference::BoundCertificate>& shipped,
                      const std::optional<std::vector<reference::BoundCertificate>>& asymptotic,
                      const std::optional<std::vector<reference::OptimalityCertificate>>& optimality,
                      const Notation& notation);

}  // namespace hdq::figures
