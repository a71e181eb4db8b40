"""A dashboard's description in one language, its variables and its annotations."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from grafana import Annotation, Variable
from grafana_foundation_sdk.models import dashboard

Json = dict[str, Any]
"""A piece of TOML."""


@dataclass(frozen=True, slots=True)
class Language:
    """A query language: its key in the TOML, and the type of Grafana's data source."""

    key: str
    datasource: str
    title: str

    @property
    def source(self) -> dashboard.DataSourceRef:
        """Refer to the data source that the reader chose, by variable: no id is wired in."""
        return dashboard.DataSourceRef(self.datasource, "${datasource}")

    def those(self, items: Sequence[Json]) -> list[Json]:
        """Return the items that have a query in this language."""
        return [item for item in items if self.key in item]


@dataclass(frozen=True, slots=True)
class Board:
    """A dashboard's description, the looks that all share, and the texts that queries may name."""

    described: Json
    looks: Json
    texts: Json
    language: Language

    def query(self, item: Json) -> str:
        """Return an item's query, with every <name> in it replaced."""
        text = str(item[self.language.key]).strip()
        while names := set(re.findall(r"<([a-z_]+)>", text)):
            for name in names:
                text = text.replace(f"<{name}>", self.texts[name].strip())
        return text

    def look(self, item: Json) -> Json:
        """Return how an item's values are called and coloured."""
        found: Json = self.looks["look"][item.get("look", "plain")]
        return found


def variables(board: Board) -> Iterator[Variable]:
    """Yield the data source to choose first, then what it is asked for."""
    yield Variable(
        type_val=dashboard.VariableType.DATASOURCE,
        name="datasource",
        label="Data source",
        query=board.language.datasource,
        refresh=dashboard.VariableRefresh.ON_DASHBOARD_LOAD,
        hide=dashboard.VariableHide.DONT_HIDE,
    )
    for one in board.language.those(board.described["variable"]):
        text: str | Json = board.query(one)
        if board.language.key == "promql":
            text = {"qryType": 1, "query": text, "refId": one["name"]}
        many = bool(one.get("many"))
        yield Variable(
            type_val=dashboard.VariableType.QUERY,
            name=one["name"],
            label=one["label"],
            datasource=board.language.source,
            query=text,
            refresh=dashboard.VariableRefresh.ON_TIME_RANGE_CHANGED,
            sort=dashboard.VariableSort.ALPHABETICAL_CASE_INSENSITIVE_ASC,
            hide=dashboard.VariableHide.HIDE_VARIABLE
            if one.get("hidden")
            else dashboard.VariableHide.DONT_HIDE,
            multi=many,
            include_all=many,
            all_value=(one.get("all", ".*") or None) if many else None,
            current=dashboard.VariableOption(selected=True, text=["All"], value=["$__all"]) if many else None,
        )


def annotations(board: Board) -> Iterator[Annotation]:
    """Yield the marks that stand on every panel."""
    for one in board.language.those(board.described.get("annotation", ())):
        extra: Json = {"textColumn": one.get("text"), "tagsColumn": one.get("tags"), "fromAnnotations": True}
        extra["query"] = board.query(one)
        known: Json = {}
        if board.language.key == "promql":
            extra = {"titleFormat": one["title"], "step": board.described["min_interval"]}
            extra |= {"useValueForTime": True} if one.get("time_in_value") else {}
            known = {"expr": board.query(one)}
        yield Annotation(
            extra, name=one["name"], datasource=board.language.source, icon_color=one["colour"], **known
        )
