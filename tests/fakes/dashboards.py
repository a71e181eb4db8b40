"""The dashboards' JSON, taken apart into its queries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "dashboards"
FILES = sorted((FOLDER / "json").glob("*.json"))


@dataclass(frozen=True)
class Query:
    """One query as Grafana would send it, variables not yet filled in."""

    place: str
    kind: str  # panel, variable or annotation
    language: str  # type of the data source
    text: str
    at_once: bool = False
    legend: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.place!r}"

    def filled(self, values: Mapping[str, str]) -> str:
        """Return the text with every variable replaced, as Grafana does."""
        names = "|".join(sorted(map(re.escape, values), key=len, reverse=True))
        return re.sub(
            rf"\$(?:({names})\b|\{{({names})(?::regex)?\}})",
            lambda match: values[match[1] or match[2]],
            self.text,
        )


def load(path: Path) -> dict:
    return json.loads(path.read_text("utf-8"))


def language(dashboard: Mapping) -> str:
    """Return the type of data source that the reader may choose for it."""
    (chooser,) = (one for one in dashboard["templating"]["list"] if one["type"] == "datasource")
    return chooser["query"]


def queries(dashboard: Mapping) -> Iterator[Query]:
    """Yield every query of every panel, variable and annotation."""
    kind = language(dashboard)
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            text = target["expr"] if kind == "prometheus" else target["query"]
            legend = target.get("legendFormat", target.get("alias", ""))
            place = f"{panel['title']}/{target['refId']}"
            yield Query(place, "panel", kind, text, target.get("instant", False), legend)
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            text = variable["query"]["query"] if kind == "prometheus" else variable["query"]
            yield Query(variable["name"], "variable", kind, text)
    for one in dashboard["annotations"]["list"]:
        text = one["expr"] if kind == "prometheus" else one["query"]
        yield Query(one["name"], "annotation", kind, text, legend=one.get("titleFormat", ""))
