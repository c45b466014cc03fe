"""What is done with figures: printed, kept as JSON, and put into docs/performance.md."""

import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from bench.figures import Bench, Figure

__all__ = ["keep", "publish", "show", "tables"]

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "performance.md"
BEGIN, END = "<!-- figures begin -->", "<!-- figures end -->"


def keep(
    bench: Bench,
    figures: Sequence[Figure],
    *,
    machine: Mapping[str, str],
    load: Mapping[str, float],
    asked: Mapping[str, Any],
) -> dict[str, Any]:
    """Write the results of a benchmark to a file of their own; the latest of a day stays."""
    result = {
        "bench": bench.name,
        "measures": bench.measures,
        "taken_at": time.strftime("%Y-%m-%dT%H:%MZ", time.gmtime()),
        "machine": dict(machine),
        "load_average": dict(load),
        "seconds": asked["seconds"],
        "rounds": asked["rounds"],
        "figures": [_told(figure) for figure in figures],
    }
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{result['taken_at'][:10]}-{bench.name}.json"
    path.write_text(json.dumps(result, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return result


def _told(figure: Figure) -> dict[str, Any]:
    told = asdict(figure)
    goal: dict[str, Any] = {"goal": None, "met": None}
    if figure.goal is not None:
        goal = {"goal": str(figure.goal), "met": figure.goal.met(figure)}
    facts = {name: round(value, 3) for name, value in figure.facts.items()}
    rounded = {name: round(value, 4) for name, value in told.items() if isinstance(value, float)}
    return told | rounded | goal | {"facts": facts}


def show(
    result: Mapping[str, Any], figures: Sequence[Figure], *, as_json: bool, seconds: float
) -> None:
    """Print a result for a person, or as one line of JSON for a program."""
    if as_json:
        print(json.dumps(result), flush=True)
        return
    load = result["load_average"]
    print(f"\n{result['measures']}  ({seconds:.0f} s, load {load['before']:.1f})")
    for figure in figures:
        goal = ""
        if figure.goal is not None:
            goal = f"  goal {figure.goal}: {'met' if figure.goal.met(figure) else 'MISSED'}"
        print(
            f"  {figure.name:<44} {figure.ours:>10.4g} {figure.unit:<10} against"
            f" {figure.limit:>9.4g}  ratio {figure.ratio:.2f}"
            f" ({figure.ratio_min:.2f}-{figure.ratio_max:.2f})  {figure.against}{goal}"
        )
        facts = ", ".join(f"{name} {value:.4g}" for name, value in figure.facts.items())
        print(f"      {facts}" if facts else "", end="\n" if facts else "", flush=True)


def publish() -> None:
    """Put the newest result of each benchmark into the page, between its marks."""
    newest = {path.stem[11:]: path for path in sorted(RESULTS.glob("*.json"))}
    results = [json.loads(path.read_text(encoding="utf-8")) for path in newest.values()]
    text = PAGE.read_text(encoding="utf-8")
    marked = re.compile(f"{BEGIN}.*?{END}", re.DOTALL)
    filled = f"{BEGIN}\n{tables(results)}\n{END}"
    PAGE.write_text(marked.sub(lambda _: filled, text), encoding="utf-8")


def tables(results: Sequence[Mapping[str, Any]]) -> str:
    """The results as Markdown: the machine, then a table for each benchmark."""
    return "\n\n".join(_table(result) for result in results)


def _table(result: Mapping[str, Any]) -> str:
    machine = ", ".join(f"{name} {value}" for name, value in result["machine"].items())
    load = result["load_average"]
    taken = (
        f"{result['taken_at']}; {machine}; load average {load['before']:.1f} before,"
        f" {load['after']:.1f} after; {result['rounds']} rounds of {result['seconds']:g} s."
    )
    head = [
        f"### {result['bench']}: {result['measures']}",
        "",
        taken,
        "",
        "| what | ours | limit | ratio (min-max) | goal | limit is | besides |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    return "\n".join([*head, *map(_line, result["figures"])])


def _line(figure: Mapping[str, Any]) -> str:
    met = {True: ": met", False: ": **missed**", None: ""}[figure["met"]]
    facts = "; ".join(f"{name} {value:.3g}" for name, value in figure["facts"].items())
    ratio = f"{figure['ratio']:.2f} ({figure['ratio_min']:.2f}-{figure['ratio_max']:.2f})"
    cells = (
        figure["name"],
        f"{_number(figure['ours'])} {figure['unit']}",
        _number(figure["limit"]),
        ratio,
        f"{figure['goal'] or ''}{met}",
        figure["against"],
        facts,
    )
    return f"| {' | '.join(cells)} |"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
