#!/usr/bin/env python3
"""Write the dashboards' JSON from their descriptions in TOML; `--check` only tells whether it is current."""

from __future__ import annotations

import json
import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SCHEMA_VERSION = 38  # Grafana 10.0's; newer ones migrate it when they load it
COLUMNS = 24  # width of Grafana's grid

Json = dict[str, Any]
"""A piece of JSON, or of the TOML that it is made from."""


@dataclass(frozen=True, slots=True)
class Language:
    """A query language: its key in the TOML, and the type of Grafana's data source."""

    key: str
    datasource: str
    title: str

    @property
    def source(self) -> Json:
        """Refer to the data source that the reader chose, by variable: no id is wired in."""
        return {"type": self.datasource, "uid": "${datasource}"}


LANGUAGES = (
    Language("promql", "prometheus", "Prometheus"),
    Language("influxql", "influxdb", "InfluxDB"),
)


def dashboard(board: Json, language: Language) -> Json:
    """Return one dashboard in one language."""
    title = f"{board['title']} ({language.title})"
    uid = f"netmon-{board['name']}-{language.datasource}"
    return {
        "uid": uid,
        "title": title,
        "description": board["description"],
        "tags": ["netmon", language.datasource],
        "schemaVersion": SCHEMA_VERSION,
        "editable": True,
        "graphTooltip": 1,
        "timezone": "browser",
        "refresh": "30s",
        "time": {"from": "now-6h", "to": "now"},
        "timepicker": {"refresh_intervals": ["10s", "30s", "1m", "5m", "30m"]},
        "links": [_link(language)],
        "annotations": {"list": list(_annotations(board, language))},
        "templating": {"list": list(_variables(board, language))},
        "panels": list(_panels(board, language)),
    }


def _link(language: Language) -> Json:
    return {
        "title": "netmon dashboards",
        "type": "dashboards",
        "icon": "external link",
        "tooltip": "other dashboards of netmon",
        "tags": ["netmon", language.datasource],
        "asDropdown": True,
        "includeVars": True,
        "keepTime": True,
        "targetBlank": False,
    }


def _annotations(board: Json, language: Language) -> Iterator[Json]:
    for one in _in_language(board["annotation"], language):
        common = {
            "name": one["name"],
            "datasource": language.source,
            "enable": True,
            "iconColor": one["colour"],
        }
        if language.key == "promql":
            yield common | {
                "expr": _query(one, language),
                "step": board["min_interval"],
                "titleFormat": one["title"],
            }
        else:
            columns = {"textColumn": one["text"], "tagsColumn": one["tags"]}
            yield common | columns | {"query": _query(one, language), "fromAnnotations": True}


def _variables(board: Json, language: Language) -> Iterator[Json]:
    yield {
        "name": "datasource",
        "label": "Data source",
        "type": "datasource",
        "query": language.datasource,
        "refresh": 1,
        "hide": 0,
    }
    for one in _in_language(board["variable"], language):
        text = _query(one, language)
        yield {
            "name": one["name"],
            "label": one["label"],
            "type": "query",
            "datasource": language.source,
            "query": {"qryType": 1, "query": text, "refId": one["name"]}
            if language.key == "promql"
            else text,
            "refresh": 2,
            "sort": 5,
            "hide": 2 if one.get("hidden") else 0,
            **_many(one),
        }


def _many(variable: Json) -> Json:
    if not variable.get("many"):
        return {"multi": False, "includeAll": False}
    every = {"selected": True, "text": ["All"], "value": ["$__all"]}
    return {"multi": True, "includeAll": True, "allValue": ".*", "current": every}


def _panels(board: Json, language: Language) -> Iterator[Json]:
    """Yield rows and their panels, laid out from left to right and from top to bottom."""
    number, top = 0, 0
    for row in board["row"]:
        panels = [panel for panel in row["panel"] if list(_in_language(panel["query"], language))]
        if not panels:
            continue
        number += 1
        yield _row(row, number, top)
        places, top = _places([panel["size"] for panel in panels], top + 1)
        for panel, place in zip(panels, places, strict=True):
            number += 1
            yield _panel(board, panel, language) | {"id": number, "gridPos": place}


def _row(row: Json, number: int, top: int) -> Json:
    place = {"x": 0, "y": top, "w": COLUMNS, "h": 1}
    return {
        "type": "row",
        "title": row["title"],
        "collapsed": False,
        "id": number,
        "gridPos": place,
        "panels": [],
    }


def _places(sizes: Sequence[Sequence[int]], top: int) -> tuple[list[Json], int]:
    """Return where each panel goes, and the first free line below them."""
    places: list[Json] = []
    left, bottom = 0, top
    for width, height in sizes:
        if left + width > COLUMNS:
            left, top = 0, bottom
        places.append({"x": left, "y": top, "w": width, "h": height})
        left, bottom = left + width, max(bottom, top + height)
    return places, bottom


def _panel(board: Json, panel: Json, language: Language) -> Json:
    kind = panel.get("kind", "timeseries")
    shown, drawn = board["look"][panel.get("look", "plain")], board["kind"][kind]
    return {
        "type": kind,
        "title": panel["title"],
        "description": panel["description"],
        "datasource": language.source,
        "interval": board["min_interval"],
        "targets": list(_targets(panel, kind, language)),
        "fieldConfig": {
            "defaults": _defaults(panel, shown, drawn["custom"]),
            "overrides": list(_overrides(panel)),
        },
        "options": drawn["options"],
        **_columns(panel),
    }


def _targets(panel: Json, kind: str, language: Language) -> Iterator[Json]:
    at_once = kind in {"stat", "table"}
    for number, query in enumerate(_in_language(panel["query"], language)):
        target: Json = {"refId": chr(ord("A") + number), "datasource": language.source}
        legend = query.get("legend", "")
        if language.key == "promql":
            target |= {"editorMode": "code", "expr": _query(query, language), "legendFormat": legend}
            target |= {"instant": at_once, "range": not at_once}
            target |= {"format": "table" if kind == "table" else "time_series"}
        else:
            target |= {"rawQuery": True, "query": _query(query, language)}
            target |= {"alias": re.sub(r"\{\{(\w+)\}\}", r"$tag_\1", legend)}
            target |= {"resultFormat": "table" if kind == "table" else "time_series"}
        yield target


def _defaults(panel: Json, shown: Json, custom: Json) -> Json:
    bounds = {bound: panel[bound] for bound in ("min", "max") if bound in panel}
    custom = dict(custom)
    if panel.get("stack"):
        custom |= {"stacking": {"mode": "normal", "group": "A"}, "fillOpacity": 40}
    if "drawStyle" in custom and len(shown["steps"]) > 1:
        custom |= {"thresholdsStyle": {"mode": "dashed"}}
    no_value = panel.get("no_value", "no data")
    return {"unit": panel["unit"], **bounds, **_colours(shown), "noValue": no_value, "custom": custom}


def _overrides(panel: Json) -> Iterator[Json]:
    if panel.get("out_below"):
        below = {"id": "custom.transform", "value": "negative-Y"}
        yield {"matcher": {"id": "byRegexp", "options": "/ out$/"}, "properties": [below]}
    if right := panel.get("right_axis"):
        properties = [
            {"id": "unit", "value": right["unit"]},
            {"id": "custom.axisPlacement", "value": "right"},
        ]
        yield {"matcher": {"id": "byName", "options": right["legend"]}, "properties": properties}


def _columns(panel: Json) -> Json:
    if "hide_columns" not in panel:
        return {}
    hidden = dict.fromkeys(panel["hide_columns"], True)
    return {"transformations": [{"id": "organize", "options": {"excludeByName": hidden}}]}


def _in_language(items: Sequence[Json], language: Language) -> Iterator[Json]:
    return (item for item in items if language.key in item)


def _query(item: Json, language: Language) -> str:
    return str(item[language.key]).strip()


def _colours(shown: Json) -> Json:
    """Return thresholds (the first without a lower bound), and what values are called."""
    colours = shown["steps"][::2]
    bounds = [None, *shown["steps"][1::2]]
    steps = [{"color": colour, "value": bound} for colour, bound in zip(colours, bounds, strict=True)]
    words = {
        value: {"text": text, "color": colour, "index": number}
        for number, (value, (text, colour)) in enumerate(shown.get("words", {}).items())
    }
    return {
        "color": {"mode": "thresholds" if words else "palette-classic"},
        "thresholds": {"mode": "absolute", "steps": steps},
        "mappings": [{"type": "value", "options": words}] if words else [],
    }


def texts() -> Iterator[tuple[Path, str]]:
    """Yield each dashboard's file and the text that belongs into it."""
    looks = tomllib.loads((HERE / "looks.toml").read_text("utf-8"))
    for described in sorted(set(HERE.glob("*.toml")) - {HERE / "looks.toml"}):
        board = tomllib.loads(described.read_text("utf-8")) | looks
        for language in LANGUAGES:
            made = dashboard(board, language)
            yield HERE / f"{made['uid']}.json", json.dumps(made, indent=2, ensure_ascii=False) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write the files; with --check only name those that are not current."""
    old = [(path, text) for path, text in texts() if not path.exists() or path.read_text("utf-8") != text]
    for path, text in old:
        if "--check" in arguments:
            sys.stderr.write(f"{path.name} is not what {Path(__file__).name} makes\n")
        else:
            path.write_text(text, "utf-8")
    return int(bool(old) and "--check" in arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
