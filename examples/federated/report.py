"""What train.py found, as tables for docs/federated.md and as a picture."""
from __future__ import annotations

import io
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PAGE, PICTURE = ROOT / "docs/federated.md", ROOT / "docs/federated.svg"
BEGIN, END = "<!-- examples/federated/train.py --write: begin -->", "<!-- examples/federated/train.py --write: end -->"
TITLES = {"softmax": "Softmax regression, 7,850 parameters", "two layers": "Two layers, 25,450 parameters",
          "optimum": "Distance to the least loss"}


def mean_and_spread(values: list[float]) -> tuple[float, float, float]:
    return sum(values) / len(values), min(values), max(values)


def _last(runs: list[list[list[float]]]) -> tuple[float, tuple[float, float, float]]:
    """Bytes of a client, and the value after the last round, over seeds."""
    return sum(run[-1][1] for run in runs) / len(runs), mean_and_spread([run[-1][2] for run in runs])


def training_table(record: dict[str, Any], task: str) -> str:
    """Accuracy after the last round against what a client sent."""
    schemes = record["tasks"][task]
    whole = _last(schemes["float32"])[0]
    lines = ["| scheme | bytes a client and round | of float32's | test accuracy, % (least to greatest) |", "|--|--|--|--|"]
    for scheme, runs in schemes.items():
        sent, (mean, least, most) = _last(runs)
        share = "1" if sent == whole else f"1/{whole / sent:.1f}"
        accuracy = f"{100 * mean:.2f} ({100 * least:.2f} to {100 * most:.2f})"
        lines.append(f"| {scheme} | {sent / runs[0][-1][0]:,.0f} | {share} | {accuracy} |")
    return "\n".join(lines)


def optimum_table(record: dict[str, Any]) -> str:
    """(f(w) − f*)/(f(0) − f*) on the way: a scheme that stalls shows equal columns."""
    schemes = record["tasks"]["optimum"]
    rounds = [int(point[0]) for point in schemes["float32"][0] if point[0] in record["shown_rounds"]]
    heads = [f"after {count:,} rounds" for count in rounds]
    lines = [f"| scheme | {' | '.join(heads)} | least to greatest |", "|--" * (len(rounds) + 2) + "|"]
    for scheme, runs in schemes.items():
        at = [mean_and_spread([point[2] for run in runs for point in run if point[0] == count]) for count in rounds]
        spread = f"{at[-1][1]:.2g} to {at[-1][2]:.2g}" if len(runs) > 1 else "not random"
        lines.append(f"| {scheme} | {' | '.join(f'{mean:.2g}' for mean, _, _ in at)} | {spread} |")
    return "\n".join(lines)


def equal_table(record: dict[str, Any]) -> str:
    """‖mean − g‖²/‖g‖² where n clients send the same g."""
    counts = [str(count) for count in record["equal_clients"]]
    lines = [f"| scheme | {' | '.join(f'n = {count}' for count in counts)} |", "|--" * (len(counts) + 1) + "|"]
    for scheme, errors in record["equal"].items():
        lines.append(f"| {scheme} | {' | '.join(f'{error:.2g}' for error in errors)} |")
    return "\n".join(lines)


def page_with(record: dict[str, Any], page: str) -> str:
    """The page, its tables between the two marks being those of the record."""
    seeds = f"Means over {record['seeds']} seeds."
    tables = [
        f"**{TITLES['softmax']}**, {record['rounds']['softmax']} rounds. {seeds}", training_table(record, "softmax"),
        f"**{TITLES['two layers']}**, {record['rounds']['two layers']} rounds. {seeds}", training_table(record, "two layers"),
        f"**{TITLES['optimum']}**, (f(w) − f\\*)/(f(0) − f\\*). {seeds}", optimum_table(record),
        "**One gradient sent by n clients**, squared error of the mean divided by the gradient's square.", equal_table(record),
    ]
    head, rest = page.split(BEGIN)
    return f"{head}{BEGIN}\n\n" + "\n\n".join(tables) + f"\n\n{END}{rest.split(END)[1]}"


def _curves(axes: Any, schemes: dict[str, Any], x: int) -> None:
    """x: the place of the abscissa in a point, rounds or bytes."""
    colours = {"float32": "0", "hdq, R": "C0", "hdq, b": "C2", "Lloyd": "C3", "DRIVE": "C1"}
    styles = ["-", "--", ":"]
    used: dict[str, int] = {}
    for scheme, runs in schemes.items():
        colour = next(colour for start, colour in colours.items() if scheme.startswith(start))
        style = styles[used.setdefault(colour, 0) % 3]
        used[colour] += 1
        points = list(zip(*runs))
        across = [[mean_and_spread([point[i] for point in at]) for at in points] for i in (x, 2)]
        line = [place[0] for place in across[0]]
        axes.plot(line, [value[0] for value in across[1]], style, color=colour, label=scheme, linewidth=1.3)
        axes.fill_between(line, [v[1] for v in across[1]], [v[2] for v in across[1]], color=colour, alpha=0.15, linewidth=0)
    axes.grid(alpha=0.3)


def picture(record: dict[str, Any]) -> str:
    """The SVG, the same bytes for the same record and matplotlib."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    settings = {"svg.hashsalt": "hdq", "svg.fonttype": "none", "font.size": 9, "path.simplify": True}
    with matplotlib.rc_context(settings):
        figure, panels = plt.subplots(1, 3, figsize=(13, 4.6))
        for axes, task in zip(panels, ("softmax", "two layers", "optimum")):
            training = task != "optimum"
            _curves(axes, record["tasks"][task], 1 if training else 0)
            axes.set_title(TITLES[task], fontsize=10)
            axes.set_xscale("log")
            axes.set_xlabel("bytes that a client has sent" if training else "rounds")
            axes.set_ylabel("test accuracy" if training else "(f(w) − f*)/(f(0) − f*)")
            if not training:
                axes.set_yscale("log")
        lines, names = panels[0].get_legend_handles_labels()
        figure.legend(lines, names, loc="lower center", ncol=5, frameon=False)
        figure.tight_layout(rect=(0, 0.11, 1, 1))
        out = io.StringIO()
        figure.savefig(out, format="svg", metadata={"Date": None, "Creator": None})
        plt.close(figure)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"
