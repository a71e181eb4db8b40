#!/usr/bin/env python3
"""Draw the panels of the PromQL dashboards from the queries' own answers, as SVG; this is not Grafana.

dashboards/pictures.py http://127.0.0.1:9090 --var site=library-1 --minutes 60 --to pictures
"""

from __future__ import annotations

import argparse
import json
import math
import re
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from pathlib import Path
from typing import Any

Json = dict[str, Any]
Points = list[tuple[float, float]]

HERE = Path(__file__).parent
UNIT_X, UNIT_Y, GAP = 40, 26, 6
LINES = ("#3a8f4d", "#c98a1b", "#2f6fb5", "#b0413e", "#7b5ba6", "#3f9c9c", "#8a8a3a", "#666")
COLOURS = {
    "green": "#3a8f4d",
    "red": "#b0413e",
    "dark-red": "#7d2522",
    "orange": "#c98a1b",
    "blue": "#2f6fb5",
    "purple": "#7b5ba6",
    "dark-purple": "#4d3570",
}


@dataclass(frozen=True, slots=True)
class Asker:
    """A Prometheus, the values of variables, and the stretch of time that is drawn."""

    url: str
    values: Mapping[str, str]
    start: float
    end: float

    def series(self, target: Json) -> list[tuple[Json, Points]]:
        """Return what a panel's query brings: labels and points, newest last."""
        names = "|".join(sorted(map(re.escape, self.values), key=len, reverse=True))
        text = re.sub(
            rf"\$(?:({names})\b|\{{({names})\}})", lambda m: self.values[m[1] or m[2]], target["expr"]
        )
        if target.get("instant"):
            found = self._get("query", query=text, time=str(self.end))
            return [(one["metric"], _points([one["value"]])) for one in found]
        times = {
            "start": str(self.start),
            "end": str(self.end),
            "step": str(max(5, (self.end - self.start) // 96)),
        }
        return [
            (one["metric"], _points(one["values"])) for one in self._get("query_range", query=text, **times)
        ]

    def _get(self, what: str, **parameters: str) -> list[Json]:
        address = f"{self.url}/api/v1/{what}?{urllib.parse.urlencode(parameters)}"
        with urllib.request.urlopen(address, timeout=30) as response:  # noqa: S310 - the address is the caller's
            found: list[Json] = json.load(response)["data"]["result"]
        return found


def _points(pairs: Sequence[tuple[float, str]]) -> Points:
    return [(at, float(value)) for at, value in pairs if math.isfinite(float(value))]


def picture(board: Json, asker: Asker) -> str:
    """Return a whole dashboard."""
    bottom = max(one["gridPos"]["y"] + one["gridPos"]["h"] for one in board["panels"]) * UNIT_Y + 30
    size = f'viewBox="0 0 {24 * UNIT_X} {bottom}" font-family="sans-serif" font-size="11"'
    title = f"{board['title']} - drawn from the panels' queries by pictures.py, not by Grafana"
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
        '<rect width="100%" height="100%" fill="#f4f5f5"/>',
        f'<text x="8" y="18" font-size="14">{escape(title)}</text>',
    ]
    for one in board["panels"]:
        place = one["gridPos"]
        x, y = place["x"] * UNIT_X, place["y"] * UNIT_Y + 26
        parts.append(f'<g transform="translate({x},{y})">')
        parts += _panel(one, place["w"] * UNIT_X - GAP, place["h"] * UNIT_Y - GAP, asker)
        parts.append("</g>")
    return "\n".join([*parts, "</svg>\n"])


def _panel(panel: Json, width: float, height: float, asker: Asker) -> Iterator[str]:
    if panel["type"] == "row":
        yield f'<text x="6" y="17" font-size="13" font-weight="bold">{escape(panel["title"])}</text>'
        return
    yield f'<rect width="{width}" height="{height}" fill="#fff" stroke="#ddd"/>'
    yield f'<text x="6" y="14" font-weight="bold">{escape(panel["title"])}</text>'
    found = [(target, asker.series(target)) for target in panel["targets"]]
    if not any(series for _, series in found):
        told = panel["fieldConfig"]["defaults"]["noValue"]
        yield f'<text x="{width / 2}" y="{height / 2}" text-anchor="middle" fill="#777">{escape(told)}</text>'
        return
    draw = {"stat": _stat, "table": _table, "state-timeline": _states, "heatmap": _heat}.get(
        panel["type"], _lines
    )
    yield from draw(panel, found, width, height, asker)


def _text(x: float, y: float, words: str, **more: str | float) -> str:
    """Return a text; `more` are attributes, with _ for -."""
    rest = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in more.items())
    return f'<text x="{x:.1f}" y="{y:.1f}"{rest}>{escape(words)}</text>'


def _box(x: float, y: float, width: float, height: float, colour: str, opacity: float = 1.0) -> str:
    """Return a filled rectangle."""
    place = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f'<rect {place} fill="{colour}" opacity="{opacity:.2f}"/>'


Found = list[tuple[Json, list[tuple[Json, Points]]]]


def _named(found: Found) -> list[tuple[str, Points]]:
    return [
        (_legend(target["legendFormat"], labels), points)
        for target, series in found
        for labels, points in series
        if points
    ]


def _legend(text: str, labels: Json) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda found: str(labels.get(found[1], "")), text)


def said(value: float, look: Json) -> tuple[str, str]:
    """Return a value's text and colour, as the look of a panel or column has them."""
    steps = [step for step in look["thresholds"]["steps"] if step["value"] is None or value >= step["value"]]
    colour = COLOURS.get(steps[-1]["color"], "#333") if len(look["thresholds"]["steps"]) > 1 else "#333"
    for mapping in look.get("mappings", ()):
        options = mapping["options"]
        if mapping["type"] == "value" and f"{value:g}" in options:
            return options[f"{value:g}"]["text"], COLOURS[options[f"{value:g}"]["color"]]
        if mapping["type"] == "range" and options["from"] <= value <= options["to"]:
            return options["result"]["text"], COLOURS[options["result"]["color"]]
    return _united(value, look.get("unit", "none")), colour


def _united(value: float, unit: str) -> str:
    if unit == "percentunit":
        return f"{value * 100:.4g} %"
    if unit == "dateTimeFromNow":
        return f"{(time.time() * 1000 - value) / 1000:.0f} s ago"
    names = {"bps": "bit/s", "s": "s", "bytes": "B", "pps": "p/s", "celsius": "°C", "watt": "W", "cps": "/s"}
    size = next((n for n in range(4, -4, -1) if abs(value) >= 1000.0**n), 0) if unit in names and value else 0
    if unit in {"celsius", "watt", "pps", "cps"}:
        size = 0
    prefix = {4: "T", 3: "G", 2: "M", 1: "k", 0: "", -1: "m", -2: "µ", -3: "n"}[size]
    return f"{value / 1000.0**size:.3g} {prefix}{names.get(unit, '')}".strip()


def _stat(panel: Json, found: Found, width: float, height: float, _: Asker) -> Iterator[str]:
    named = _named(found)
    for number, (name, points) in enumerate(named):
        text, colour = said(points[-1][1], panel["fieldConfig"]["defaults"])
        left, each = number * width / len(named), width / len(named)
        middle = left + each / 2
        yield _box(left + 3, 22, each - 6, height - 26, colour, 0.9)
        yield _text(middle, height / 2 + 12, text, font_size=15, text_anchor="middle", fill="#fff")
        yield _text(middle, height - 10, name, text_anchor="middle", fill="#fff")


def _table(panel: Json, found: Found, width: float, height: float, _: Asker) -> Iterator[str]:
    looks = {
        one["matcher"]["options"]: {each["id"]: each["value"] for each in one["properties"]}
        for one in panel["fieldConfig"]["overrides"]
    }
    rows: dict[tuple[tuple[str, str], ...], dict[str, tuple[str, str]]] = {}
    for target, series in found:
        column = looks.get(f"Value #{target['refId']}") or looks.get("Value")
        for labels, points in series:
            hidden = {"__name__", "job", "instance"}
            row = rows.setdefault(tuple(sorted((k, v) for k, v in labels.items() if k not in hidden)), {})
            if column and points and "displayName" in column:
                row[column["displayName"]] = said(points[-1][1], column)
    named = list(dict.fromkeys(name for key in rows for name, _ in key))
    named += dict.fromkeys(name for cells in rows.values() for name in cells)
    step = (width - 12) / max(1, len(named))
    for at, name in enumerate(named):
        yield f'<text x="{6 + at * step}" y="32" fill="#777">{escape(name)}</text>'
    for line, (key, cells) in enumerate(list(rows.items())[: int((height - 44) / 15)]):
        for at, name in enumerate(named):
            text, colour = cells.get(name, (dict(key).get(name, ""), "#333"))
            shown = escape(text[: max(4, int(step / 6))])
            yield f'<text x="{6 + at * step}" y="{48 + line * 15}" fill="{colour}">{shown}</text>'


def _states(panel: Json, found: Found, width: float, height: float, asker: Asker) -> Iterator[str]:
    named = _named(found)
    high, scale = min(22.0, (height - 30) / len(named)), (width - 150) / (asker.end - asker.start)
    for line, (name, points) in enumerate(named[: max(1, int((height - 26) / 10))]):
        y = 22 + line * max(high, 10)
        yield f'<text x="6" y="{y + 10}" font-size="9">{escape(name[-26:])}</text>'
        for start, end, value in _stretches(points):
            text, colour = said(value, panel["fieldConfig"]["defaults"])
            x, wide = 142 + (start - asker.start) * scale, max(1.0, (end - start) * scale)
            yield _box(x, y, wide, max(high, 10) - 2, colour)
            if wide > 40 and high > 9:
                yield _text(x + 4, y + 10, text, font_size=9, fill="#fff")


def _stretches(points: Points) -> Iterator[tuple[float, float, float]]:
    """Yield from when to when a value stood; a gap ends it."""
    step = min((b[0] - a[0] for a, b in pairwise(points)), default=5.0)
    start, last, value = points[0][0], points[0][0], points[0][1]
    for at, now in points[1:]:
        if now != value or at - last > 1.5 * step:
            yield start, min(at, last + step), value
            start, value = at, now
        last = at
    yield start, last + step, value


def _heat(_: Json, found: Found, width: float, height: float, asker: Asker) -> Iterator[str]:
    buckets = sorted(((float(name), points) for name, points in _named(found)), key=lambda one: one[0])
    scale, high = (width - 70) / (asker.end - asker.start), (height - 30) / max(1, len(buckets))
    below: dict[float, float] = {}
    for number, (bound, points) in enumerate(buckets):
        counts = [(at, max(0.0, value - below.get(at, 0.0))) for at, value in points]
        below, most = (
            dict(points),
            max((value for _, points in buckets for _, value in points), default=1) or 1,
        )
        y = height - 8 - (number + 1) * high
        if number % 3 == 0:
            yield _text(4, y + high, _united(bound, "s") if bound < 1e9 else "longer", font_size=9)
        for at, count in counts:
            if count > 0:
                x, shade = 60 + (at - asker.start) * scale, 0.15 + 0.85 * (count / most) ** 0.5
                yield _box(x, y, 4, high, "#c2571a", shade)


def _lines(panel: Json, found: Found, width: float, height: float, asker: Asker) -> Iterator[str]:
    named = [(n, [(at, -v if n.endswith(" out") else v) for at, v in p]) for n, p in _named(found)]
    values = [value for _, points in named for _, value in points]
    low, top = min(0.0, *values), max(values) or 1.0
    foot, scale = height - 34, (width - 74) / (asker.end - asker.start)

    def y(value: float) -> float:
        return foot - (value - low) / ((top - low) or 1) * (foot - 26)

    for value in (low, (low + top) / 2, top):
        yield f'<path d="M64 {y(value):.1f}H{width - 6}" stroke="#eee"/>'
        yield _text(
            4, y(value) + 4, _united(abs(value), panel["fieldConfig"]["defaults"]["unit"]), font_size=9
        )
    dots = panel["fieldConfig"]["defaults"]["custom"].get("drawStyle") == "points"
    for number, (_, points) in enumerate(named[:12]):
        path = " ".join(f"{64 + (at - asker.start) * scale:.1f},{y(value):.1f}" for at, value in points)
        style = (
            'stroke-dasharray="0.1 5" stroke-linecap="round" stroke-width="4"'
            if dots
            else 'stroke-width="1.2"'
        )
        yield f'<polyline points="{path}" fill="none" stroke="{LINES[number % len(LINES)]}" {style}/>'
    for number, (name, _) in enumerate(named[:6]):
        x, line = 8 + (number % 3) * width / 3, height - 18 + (number // 3) * 12
        colour = LINES[number % len(LINES)]
        yield _text(x, line, name[: int(width / 17)], font_size=9, fill=colour)


def main(words: Sequence[str]) -> int:
    """Draw every dashboard in PromQL, or those that are named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("--var", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--to", type=Path, default=HERE / "pictures")
    parser.add_argument("--only", default="")
    options = parser.parse_args(words)
    end, seconds = time.time(), options.minutes * 60
    values = dict.fromkeys(("device", "ifName", "probe", "instance"), ".*") | {"circuit": ".+", "site": ".*"}
    values |= {
        "__range": f"{seconds}s",
        "__range_s": str(seconds),
        "__rate_interval": "60s",
        "__interval": "15s",
    }
    values |= dict(word.split("=", 1) for word in options.var)
    options.to.mkdir(exist_ok=True)
    for path in sorted((HERE / "json").glob(f"netmon-{options.only or '*'}-prometheus.json")):
        board = json.loads(path.read_text("utf-8"))
        picture_text = picture(board, Asker(options.url, values, end - seconds, end))
        (options.to / f"{board['uid'].removesuffix('-prometheus')}.svg").write_text(picture_text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
