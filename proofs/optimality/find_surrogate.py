#!/usr/bin/env python3
"""Searches the certificates of OptimalityCertificates.v. Nothing here is trusted: Coq checks what it prints.

    find_surrogate.py BITS [SECONDS]        (needs numpy and libClp.so.1, of Debian's coinor-libclp1)

The surrogate: to maximize, over odd increasing zeta on the places z of the binomial law of order 1024,
    D_N(zeta) - E (zeta - z)^2 = min over codes c of places by N levels of E (c^2 - 2 c zeta + 2 zeta z - z^2),
which is concave in zeta: cutting planes in a trust region, D_N by dynamic programming. The variables are zeta sqrt(p): zeta grows exponentially
where p vanishes. The windows: in units of 2^-24, a unit left of those whose mean is a place.
"""
import ctypes
import sys
import textwrap
import time
from fractions import Fraction
from math import comb
from statistics import NormalDist

import numpy as np

ORDER, ROOT, PARTS, WEIGHT_BITS = 1024, 32, 128, 64
SIGMA = {1: 93, 2: 109, 3: 111, 4: 111}  # 64ths
KAPPA = {1: 32, 2: 24, 3: 20, 4: 18}
NORMAL = NormalDist()
clp = ctypes.CDLL("libClp.so.1")
clp.Clp_newModel.restype = ctypes.c_void_p
clp.Clp_primalColumnSolution.restype = ctypes.POINTER(ctypes.c_double)


def maximize_last(rows, limits, low, high):
    """The x of rows x <= limits, low <= x <= high, with the greatest last entry."""
    count, width = rows.shape
    floats = [np.ascontiguousarray(v, dtype=float)
              for v in (rows.T.reshape(-1), low, high, np.append(np.zeros(width - 1), -1), np.full(count, -1e300), limits)]
    starts = np.arange(0, count * width + 1, count, dtype=np.int32)
    indices = np.tile(np.arange(count, dtype=np.int32), width)
    pointer = lambda a, kind: a.ctypes.data_as(ctypes.POINTER(kind))
    model = ctypes.c_void_p(clp.Clp_newModel())
    clp.Clp_setLogLevel(model, 0)
    clp.Clp_loadProblem(model, width, count, pointer(starts, ctypes.c_int), pointer(indices, ctypes.c_int),
                        *[pointer(v, ctypes.c_double) for v in floats])
    clp.Clp_initialSolve(model)
    x = np.array(clp.Clp_primalColumnSolution(model)[:width])
    clp.Clp_deleteModel(model)
    return x


def least_distortions(y, p, levels):
    """Least distortions of the sorted law (y, p) by 1..levels levels, and the level of each place for the last."""
    n = len(y)
    s0, s1, s2 = (np.append(0, np.cumsum(v)) for v in (p, p * y, p * y * y))
    weight, first = s0[None] - s0[:, None], s1[None] - s1[:, None]
    cost = np.where(np.triu(np.ones((n + 1, n + 1)), 1) > 0, s2[None] - s2[:, None] - first**2 / np.where(weight > 0, weight, 1), np.inf)
    np.fill_diagonal(cost, 0)
    best, back, all_best = cost[0].copy(), [], [cost[0][n]]
    for _ in range(1, levels):
        total = best[:, None] + cost
        back.append(np.argmin(total, axis=0))
        best = total[back[-1], np.arange(n + 1)]
        all_best.append(best[n])
    cuts = [n]
    for b in reversed(back):
        cuts.append(b[cuts[-1]])
    cuts = [0] + cuts[::-1][0 if len(cuts) == levels else 1:]
    level = np.empty(n)
    for a, e in zip(cuts, cuts[1:]):
        if e > a:
            level[a:e] = (s1[e] - s1[a]) / (s0[e] - s0[a])
    return all_best, level


def search(levels, z, p, seconds):
    """zeta on z > 0."""
    h = len(z) // 2
    right = np.arange(h + 1, len(z))
    root = np.sqrt(p[right])
    whole = lambda u: np.concatenate([-(u / root)[::-1], [0], u / root])

    def value(u):
        zeta = whole(u)
        level = least_distortions(zeta, p, levels)[1]
        return np.sum(p * (level**2 - 2 * level * zeta + 2 * zeta * z - z * z)), level

    increasing = [np.append(np.eye(h)[i] * root[i + 1] / root[i] - np.eye(h)[i + 1], 0) for i in range(h - 1)]
    best_u = z[right] * 1.2 * root
    best, level = value(best_u)
    rows, limits, idle, radius, before, end = [], [], [], 0.5, best, time.time() + seconds
    while time.time() < end:
        gradient = 2 * p[right] * (2 * z[right] - level[right] + level[::-1][right]) / root
        rows.append(np.append(-gradient, 1))
        limits.append(np.sum(p * (level**2 - z * z)))
        idle.append(0)
        reach = radius * np.maximum(root, 0.02)
        x = maximize_last(np.array(rows + increasing), np.array(limits + [0.0] * (h - 1)),
                          np.append(np.maximum(best_u - reach, 0), -10), np.append(best_u + reach, 10))
        slack = np.array(limits) - np.array(rows) @ x
        idle = [0 if s < 1e-9 else i + 1 for s, i in zip(slack, idle)]
        if len(rows) > 2 * h + 50:
            rows, limits, idle = map(list, zip(*[t for t in zip(rows, limits, idle) if t[2] < 40]))
        u = np.maximum.accumulate(np.maximum(x[:-1], 0) / root) * root
        new, level = value(u)
        radius = radius * 1.3 if new > best + 0.1 * (x[-1] - best) else max(radius * 0.85, 1e-3) if new <= best else radius
        if new > best:
            best, best_u = new, u
        if x[-1] - best < 2e-6 * best:
            if radius > 0.3 or best - before < 2e-6 * best:
                break
            before, radius = best, min(radius * 6, 1)
    return best_u / root


def cheapest(price, atoms):
    """LeastDistortion.cheapest."""
    values = [0] * (len(atoms) + 1)
    for i in reversed(range(len(atoms))):
        best, m0, m1, m2 = price + values[i + 1], 0, 0, 0
        for t in range(i, len(atoms)):
            w, s = atoms[t]
            m0, m1, m2 = m0 + w, m1 + w * s, m2 + w * s * s
            cost = max(0, m2 + -(m1 * m1) // m0)
            if best <= cost:
                break
            best = min(best, cost + price + values[t + 1])
        values[i] = best
    return values[0]


def certificate(levels, first, right):
    """The price, the places right of 0 and the bound that Coq will find."""
    places = [int(v) for v in np.maximum.accumulate(np.rint(right * ROOT * PARTS))]
    s = [-v for v in reversed(places)] + [0] + places
    choices = [comb(ORDER, first + i) for i in range(len(s))]
    atoms = [(c >> (ORDER - WEIGHT_BITS), v) for c, v in zip(choices, s)]
    penalty = sum(c * (v - PARTS * (2 * (first + i) - ORDER))**2 for i, (c, v) in enumerate(zip(choices, s)))
    d = least_distortions(np.array(s, float), np.array([w for w, _ in atoms], float), levels + 1)[0]
    low, high = d[levels - 1] - d[levels], d[levels - 2] - d[levels - 1]
    bounds = []
    for t in (0.1, 0.3, 0.5, 0.7, 0.9):
        price = int(low + (high - low) * t) >> 20 << 20
        bounds.append((Fraction((cheapest(price, atoms) - levels * price) * 2**(ORDER - WEIGHT_BITS) - penalty, (ROOT * PARTS)**2 << ORDER), price))
    return max(bounds)[1], places, float(max(bounds)[0])


def window_starts(bits):
    """Starts of windows in units of 2^-24, a unit left of those whose mean is (2k - n)/r, for k up to n/2."""
    levels, sigma, kappa = 2**bits, SIGMA[bits] / 64, KAPPA[bits] / 64
    antiderivative = lambda v: -sigma * levels * NORMAL.pdf(NORMAL.inv_cdf(v / levels)) - kappa * np.log(v * (levels - v))
    starts = []
    for k in range(ORDER // 2, -1, -1):
        low, high = 1e-9, (levels - 1) / 2
        for _ in range(100):
            middle = (low + high) / 2
            if antiderivative(middle + 1) - antiderivative(middle) < (2 * k - ORDER) / ROOT:
                low = middle
            else:
                high = middle
        start = int(low * 2**24) - 1
        if start < 400 or starts and starts[-1] - start < 4:
            break
        starts.append(start)
    return starts[::-1]


def main():
    bits = int(sys.argv[1])
    all_p = np.array([comb(ORDER, k) / 2**ORDER for k in range(ORDER + 1)])
    k = np.flatnonzero(all_p > (1e-11 if bits == 4 else 1e-10))
    right = search(2**bits, (2 * k - ORDER) / ROOT, all_p[k], float(sys.argv[2]) if len(sys.argv) > 2 else 600)
    price, places, bound = certificate(2**bits, int(k[0]), right)
    wrapped = lambda numbers: textwrap.fill("; ".join(map(str, numbers)), 146, initial_indent="    ", subsequent_indent="    ")
    print(f"""Definition surrogate_b{bits} : certificate := {{|
  root := {ROOT}; unit_parts := {PARTS}; first := {k[0]}; price := {price};
  places := mirrored [
{wrapped(places)}] |}}.

Definition windows_b{bits} : windows := {{|
  spacing := spacing_of_windows;
  window_starts_at := [
{wrapped(window_starts(bits))}] |}}.
""")
    print(f"b = {bits}: every unbiased rule errs at least {bound}", file=sys.stderr)


if __name__ == "__main__":
    main()
