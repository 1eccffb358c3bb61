"""What a validation found: a Report of Findings, as text, HTML, JSON and JUnit XML."""
from __future__ import annotations

import html
import json
import math
import os
import re
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TextIO

import numpy as np

from hdq import _hdq
from hdq._kernel import Config

__all__ = ["Check", "Divergence", "Finding", "Report"]


@dataclass(frozen=True)
class Divergence:
    """The first number that is wrong; errors in units of the last place of `expected` (float32, or float64)."""

    index: int
    got: str  #: decimal and hexadecimal
    expected: str
    error_ulp: float = 0.0
    bound_ulp: float = 0.0


@dataclass(frozen=True)
class Finding:
    """A defect: its class, where it was seen first, and what shows it again."""

    defect: str  #: a class of docs/kill-table.md
    meaning: str  #: of the class, in words
    stage: str  #: of the kernel, in the order of data flow
    check: str
    what: str  #: what is wrong, in one line
    config: Config
    row: int  #: number of the row (SPEC §2)
    count: int  #: findings alike
    ended_process: bool  #: the kernel crashed or hung
    replay: str  #: a line that shows it again: of Python, or for a plug-in or program a command
    divergence: Divergence | None = None
    input_file: str | None = None  #: where `input` was written
    #: the smallest that fails, (rows, n)
    input: np.ndarray | None = field(default=None, repr=False, compare=False)
    #: of that, the numbers of the wrong row at the wrong stage; codes as indices of codewords
    got: np.ndarray | None = field(default=None, repr=False, compare=False)
    #: NaN where a number is right and what was expected was not kept
    expected: np.ndarray | None = field(default=None, repr=False, compare=False)
    #: |got − expected| may be so much
    bound: np.ndarray | None = field(default=None, repr=False, compare=False)
    #: got, expected and bound of the input as it was before it was made smaller
    first_seen: tuple[np.ndarray, np.ndarray, np.ndarray] | None = field(default=None, repr=False, compare=False)

    def __str__(self) -> str:
        c = self.config
        where = f"stage {self.stage}, check {self.check}, n = {c.n}, " + (
            f"step {c.step:.9g}" if c.step else f"b = {c.b}"
        )
        lines = [
            f"{self.defect}: {self.what}",
            f"  {where}, seed {c.seed}, row {self.row}"
            + (f"; {self.count - 1} cases like it" if self.count > 1 else ""),
        ]
        if self.divergence is not None:
            lines.append(
                f"  index {self.divergence.index}: got {self.divergence.got}, should be {self.divergence.expected}"
            )
        if self.input_file:
            lines.append(f"  smallest input: {self.input_file}")
        return "\n".join([*lines, f"  again: {self.replay}"])


@dataclass(frozen=True)
class Check:
    """One check: "passed", "failed", "skipped" or "unfinished", and why it was skipped or did not finish."""

    name: str
    status: str
    calls: int
    seconds: float
    reason: str = ""
    findings: tuple[Finding, ...] = ()


def _finding(check: str, j: dict[str, Any], arrays: tuple[Any, tuple[Any, ...], tuple[Any, ...]]) -> Finding:
    smallest, (got, expected, bound), first = arrays
    config = Config(j["dimension"], j["order"], j["seed"], j["bits"], j["threads"], j["variant"], j["step"])
    divergence = None
    if "index" in j:
        divergence = Divergence(j["index"], j["got"], j["expected"], j.get("error_ulp", 0.0), j.get("bound_ulp", 0.0))
    return Finding(
        j["defect"],
        _hdq.defect_meaning(j["defect"]),
        j["stage"],
        check,
        j["what"],
        config,
        j["row"],
        j["count"],
        j["ended_process"],
        j["replay"],
        divergence,
        j.get("input"),
        smallest,
        got,
        expected,
        bound,
        None if any(a is None for a in first) else first,  # type: ignore[arg-type]
    )


class Report:
    """The verdict on a kernel. True if it is valid: of the operations that are `judged`."""

    def __init__(
        self, verdict: dict[str, Any], text: str, junit: str, arrays: list[tuple[Any, tuple[Any, ...], tuple[Any, ...]]]
    ) -> None:
        self._json, self._text, self._junit = verdict, text, junit
        remaining = iter(arrays)
        self.checks: tuple[Check, ...] = tuple(
            Check(
                c["check"],
                c["status"],
                c["calls"],
                c["seconds"],
                c.get("reason", ""),
                tuple(_finding(c["check"], f, next(remaining)) for f in c["findings"]),
            )
            for c in verdict["checks"]
        )
        self.findings: tuple[Finding, ...] = tuple(f for check in self.checks for f in check.findings)

    #: "valid", "invalid" or "not judged"
    verdict = property(lambda self: self._json["verdict"])
    name = property(lambda self: self._json["kernel"]["name"])
    #: operations whose values were judged, and those that are offered and were not
    judged = property(lambda self: tuple(self._json["judged"]))
    not_judged = property(lambda self: tuple(self._json["not_judged"]))
    #: cases that the kernel declined
    unsupported = property(lambda self: tuple(self._json["unsupported"]))
    remarks = property(lambda self: tuple(self._json["remarks"]))
    #: what the audit measured: dicts of means with their standard errors
    estimates = property(lambda self: tuple(self._json["estimates"]))
    seconds = property(lambda self: self._json["seconds"])
    calls = property(lambda self: self._json["calls"])

    def __bool__(self) -> bool:
        return self._json["valid"]

    def __str__(self) -> str:
        """The report of the command line, with what was skipped in a line for each reason."""
        skipped: dict[str, list[str]] = {}
        for check in self.checks:
            if check.status == "skipped":
                skipped.setdefault(check.reason, []).append(check.name)
        lines = self._text.rstrip("\n").split("\n")
        kept = [line for line in lines if not re.match(r"-    [a-z]", line)]
        where = next(
            (i for i, line in enumerate(kept) if i > 1 and not line), len(kept)
        )  # the end of the list of checks
        kept[where:where] = [f"-    {', '.join(names)}: {reason}" for reason, names in skipped.items()]
        return "\n".join(kept)

    def __repr__(self) -> str:
        return f"<hdq.Report on {self.name}: {self.verdict}, {len(self.findings)} findings, {self.seconds:.1f} s>"

    def summary(self) -> str:
        """The first finding in full and how many more there are; or why nothing was judged; or that it is valid."""
        if not self.findings:
            return f"{self.name}: {self._text.rstrip().splitlines()[-1]}"
        others = len(self.findings) - 1
        more = f"\nand {others} more {'finding' if others == 1 else 'findings'}" if others else ""
        return f"{self.name} is invalid: {self.findings[0]}{more}"

    def show(self, file: TextIO | None = None) -> None:
        """Print the report, in colour where it goes to a terminal."""
        file = file or sys.stdout
        text = str(self)
        if file.isatty() and "NO_COLOR" not in os.environ:
            colours: tuple[tuple[str, int], ...] = (
                (r"^ok\b", 32),
                (r"^FAIL\b", 31),
                (r"^valid:", 32),
                (r"^(?:INVALID|NOT JUDGED).*", 31),
            )
            for pattern, code in colours:
                text = re.sub(pattern, rf"\033[{code}m\g<0>\033[0m", text, flags=re.MULTILINE)
        print(text, file=file)

    def json(self) -> str:
        """One JSON object, as `hdq validate --json` prints it."""
        return json.dumps(self._json, ensure_ascii=False)

    def junit(self, path: str | os.PathLike[str] | None = None) -> str:
        """JUnit XML with one test case for each check; written to `path` if there is one."""
        if path is not None:
            Path(path).write_text(self._junit, encoding="utf-8")
        return self._junit

    def _repr_html_(self) -> str:
        escape = html.escape
        rows = "".join(
            f"<tr><td>{escape(c.status)}</td><td>{escape(c.name)}</td><td style='text-align:right'>{c.calls}</td>"
            f"<td style='text-align:right'>{c.seconds:.2f} s</td></tr>"
            for c in self.checks
            if c.status != "skipped"
        )
        colour = {"valid": "#176f2c", "invalid": "#b3261e"}.get(self.verdict, "#7a5c00")
        parts = [f"<div><p><b>{escape(self.name)}</b>: <b style='color:{colour}'>{escape(self.verdict)}</b></p>"]
        parts += [_finding_html(f) for f in self.findings]
        parts.append(f"<details><summary>{escape(self._text.rstrip().splitlines()[-1])}</summary><table>{rows}</table>")
        parts += [f"<p>{escape(remark)}</p>" for remark in self.remarks]
        return "".join(parts) + "</details></div>"


def _finding_html(f: Finding) -> str:
    picture = error_svg(*f.first_seen) if f.first_seen is not None else ""
    return f"<p><b>{html.escape(f.defect)}</b> ({html.escape(f.meaning)})</p><pre>{html.escape(str(f))}</pre>{picture}"


def error_svg(got: np.ndarray, expected: np.ndarray, bound: np.ndarray) -> str:
    """The error of each coordinate against what is allowed, on a logarithmic scale."""
    with np.errstate(all="ignore"):
        error = np.abs(np.asarray(got, np.float64) - np.asarray(expected, np.float64))
    error, bound = error[:512], np.asarray(bound, np.float64)[:512]
    shown = np.concatenate([error, bound])
    shown = shown[np.isfinite(shown) & (shown > 0)]
    if shown.size == 0:
        return ""
    low, high = math.floor(math.log10(shown.min())), max(
        math.ceil(math.log10(shown.max())), math.floor(math.log10(shown.min())) + 1
    )
    width, height, left, top = 640, 200, 60, 10

    def x(i: float) -> float:
        return left + (i + 0.5) / len(error) * (width - left - 10)

    def y(value: float) -> float:
        exponent = math.log10(value) if value > 0 and math.isfinite(value) else (low if value == 0 else high)
        return top + (high - exponent) / (high - low) * (height - top - 30)

    ticks = [e for e in range(low, high + 1) if (e - low) % max(1, (high - low) // 5) == 0]
    grid = "".join(
        f"<line x1='{left}' y1='{y(10.0**e):.1f}' x2='{width - 10}' y2='{y(10.0**e):.1f}' stroke='#ddd'/>"
        f"<text x='{left - 6}' y='{y(10.0**e) + 4:.1f}' text-anchor='end'>1e{e}</text>"
        for e in ticks
    )
    allowed = " ".join(f"{x(i):.1f},{y(b):.1f}" for i, b in enumerate(bound))
    dots = "".join(
        f"<circle cx='{x(i):.1f}' cy='{y(e):.1f}' r='2' fill='{'#1f5fa8' if e <= b else '#b3261e'}'/>"
        for i, (e, b) in enumerate(zip(error, bound, strict=True))
        if not (math.isnan(e) and math.isfinite(got[i]))
    )
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' font-size='11' "
        f"font-family='sans-serif'>"
        f"{grid}<polyline points='{allowed}' fill='none' stroke='#444' stroke-dasharray='4 3'/>{dots}"
        f"<text x='{left}' y='{height - 8}'>|got − expected| by coordinate, as first seen; dashed: what is allowed</text></svg>"
    )
