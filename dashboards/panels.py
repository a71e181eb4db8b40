"""Panels: from their descriptions in TOML to grafana-foundation-sdk's types."""

from __future__ import annotations

import re
from collections.abc import Iterator

from board import Board, Json
from grafana import InfluxQuery
from grafana_foundation_sdk.models import (
    common,
    dashboard,
    heatmap,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)

OPTIONS = {
    "timeseries": timeseries.Options,
    "state-timeline": statetimeline.Options,
    "stat": stat.Options,
    "table": table.Options,
    "heatmap": heatmap.Options,
}
CUSTOM = {
    "timeseries": common.GraphFieldConfig,
    "state-timeline": statetimeline.FieldConfig,
    "table": common.TableFieldOptions,
    "heatmap": heatmap.FieldConfig,
}
AT_ONCE = {"stat", "table"}
LINKED = {
    "site": "var-site=${__value.raw}",
    "circuit": "var-site=${__data.fields.site}&var-circuit=${__value.raw}",
}


def panel(board: Board, described: Json) -> dashboard.Panel:
    """Return a panel; its place and number are the layout's."""
    kind = described.get("kind", "timeseries")
    drawn = board.looks["kind"][kind]
    return dashboard.Panel(
        type_val=kind,
        title=described["title"],
        description=described["description"],
        transparent=None,
        datasource=board.language.source,
        interval=described.get("interval", board.described["min_interval"]),
        targets=list(_targets(board, described, kind)),
        options=OPTIONS[kind].from_json(drawn["options"]),
        field_config=dashboard.FieldConfigSource(
            _defaults(board, described, kind, drawn["custom"]), list(_overrides(board, described))
        ),
        transformations=list(_transformations(described)) or None,
    )


def _targets(board: Board, described: Json, kind: str) -> Iterator[prometheus.Dataquery | InfluxQuery]:
    at_once, tabular = kind in AT_ONCE, kind == "table"
    for number, query in enumerate(board.language.those(described["query"])):
        letter, legend = chr(ord("A") + number), query.get("legend", "")
        made: prometheus.Dataquery | InfluxQuery
        if board.language.key == "influxql":
            made = InfluxQuery(
                letter, board.query(query), re.sub(r"\{\{(\w+)\}\}", r"$tag_\1", legend), table=tabular
            )
        else:
            form = prometheus.PromQueryFormat.TABLE if tabular else prometheus.PromQueryFormat.TIME_SERIES
            made = prometheus.Dataquery(
                expr=board.query(query),
                instant=at_once,
                range_val=not at_once,
                editor_mode=prometheus.QueryEditorMode.CODE,
                format_val=prometheus.PromQueryFormat.HEATMAP if query.get("heat") else form,
                legend_format=legend,
                ref_id=letter,
                interval=query.get("interval"),
            )
        made.datasource = board.language.source
        yield made


def _defaults(board: Board, described: Json, kind: str, custom: Json) -> dashboard.FieldConfig:
    custom = dict(custom)
    shown = board.look(described)
    if described.get("stack"):
        custom |= {"stacking": {"mode": "normal", "group": "A"}, "fillOpacity": 40}
    if described.get("draw") == "points":
        custom |= {"drawStyle": "points", "pointSize": 7, "showPoints": "always"}
    if kind == "timeseries" and len(shown["steps"]) > 1:
        custom |= {"thresholdsStyle": {"mode": "dashed"}}
    coloured = bool(_mappings(shown))
    return dashboard.FieldConfig(
        unit=described["unit"],
        decimals=described.get("decimals"),
        min_val=described.get("min"),
        max_val=described.get("max"),
        thresholds=_thresholds(shown),
        mappings=_mappings(shown),
        color=dashboard.FieldColor(
            dashboard.FieldColorModeId.THRESHOLDS if coloured else dashboard.FieldColorModeId.PALETTE_CLASSIC
        ),
        no_value=described.get("no_value", "no data"),
        custom=CUSTOM[kind].from_json(custom) if kind in CUSTOM else {},
    )


def _thresholds(shown: Json) -> dashboard.ThresholdsConfig:
    """Return colours with the value from which each counts; the first has no lower bound."""
    colours, bounds = shown["steps"][::2], [None, *shown["steps"][1::2]]
    steps = [dashboard.Threshold(bound, colour) for colour, bound in zip(colours, bounds, strict=True)]
    return dashboard.ThresholdsConfig(dashboard.ThresholdsMode.ABSOLUTE, steps)


def _mappings(shown: Json) -> list[dashboard.ValueMapping]:
    """Return what values, and ranges of values, are called."""
    words = dict(shown.get("words", {}))
    missing = words.pop("null", None)
    found: list[dashboard.ValueMapping] = []
    if words:
        named = {key: _called(*word, number) for number, (key, word) in enumerate(words.items())}
        found.append(dashboard.ValueMap(named))
    for number, (low, high, *word) in enumerate(shown.get("ranges", ())):
        bounds = dashboard.DashboardRangeMapOptions(low, high, _called(*word, number))
        found.append(dashboard.RangeMap(bounds))
    if missing:
        null = dashboard.SpecialValueMatch.NULL
        found.append(
            dashboard.SpecialValueMap(
                dashboard.DashboardSpecialValueMapOptions(null, _called(*missing, len(words)))
            )
        )
    return found


def _called(text: str, colour: str, number: int) -> dashboard.ValueMappingResult:
    return dashboard.ValueMappingResult(text=text, color=colour, index=number)


def _overrides(board: Board, described: Json) -> Iterator[dashboard.DashboardFieldConfigSourceOverrides]:
    if described.get("out_below"):
        yield _override("byRegexp", "/ out$/", {"custom.transform": "negative-Y"})
    if right := described.get("right_axis"):
        yield _override("byName", right["legend"], {"unit": right["unit"], "custom.axisPlacement": "right"})
    for pattern, colour in described.get("colours", {}).items():
        yield _override("byRegexp", f"/{pattern}/", {"color": {"mode": "fixed", "fixedColor": colour}})
    for pattern in described.get("lines", ()):
        grey = {"mode": "fixed", "fixedColor": "text"}
        yield _override(
            "byRegexp", f"/{pattern}/", {"custom.drawStyle": "line", "custom.lineWidth": 2, "color": grey}
        )
    yield from _columns(board, described)
    if link := described.get("link"):
        page = f"/d/netmon-{link}-{board.language.datasource}"
        url = f"{page}?{LINKED[link]}&${{datasource:queryparam}}&${{__url_time_range}}"
        yield _override("byName", link, {"links": [{"title": f"this {link}", "url": url}]})


def _columns(board: Board, described: Json) -> Iterator[dashboard.DashboardFieldConfigSourceOverrides]:
    """Give each column of a table that several queries fill its name, unit and look."""
    queries = board.language.those(described["query"])
    for number, query in enumerate(queries):
        if "column" not in query:
            continue
        shown = board.look(query)
        value = "Value" if len(queries) == 1 else f"Value #{chr(ord('A') + number)}"
        properties: Json = {
            "displayName": query["column"],
            "unit": query.get("unit", "none"),
            "thresholds": _thresholds(shown),
            "mappings": _mappings(shown),
        }
        properties |= {"decimals": query["decimals"]} if "decimals" in query else {}
        if len(shown["steps"]) > 1:
            properties |= {"color": {"mode": "thresholds"}, "custom.cellOptions": {"type": "color-text"}}
        yield _override("byName", value if board.language.key == "promql" else query["column"], properties)


def _override(by: str, which: str, properties: Json) -> dashboard.DashboardFieldConfigSourceOverrides:
    values = [dashboard.DynamicConfigValue(name, value) for name, value in properties.items()]
    return dashboard.DashboardFieldConfigSourceOverrides(dashboard.MatcherConfig(by, which), values)


def _transformations(described: Json) -> Iterator[dashboard.DataTransformerConfig]:
    hidden = described.get("hide_columns")
    if any("column" in query for query in described["query"]):
        # Each query is a table of its own; rows with the same site (and circuit) become one.
        hidden = ["Time"]
    if hidden is None:
        return
    excluded = {"excludeByName": dict.fromkeys(hidden, True), "indexByName": {}, "renameByName": {}}
    yield dashboard.DataTransformerConfig("organize", options=excluded)
    if len(described["query"]) > 1:
        yield dashboard.DataTransformerConfig("merge", options={})
