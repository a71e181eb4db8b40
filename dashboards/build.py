#!/usr/bin/env python3
"""Write the dashboards' JSON from their descriptions in TOML; `--check` only tells whether it is current."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from board import Board, Json, Language, annotations, variables
from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard
from panels import panel

HERE = Path(__file__).parent
JSON = HERE / "json"
SCHEMA_VERSION = 38  # Grafana 10.0's; newer ones migrate it when they load it
COLUMNS = 24  # width of Grafana's grid
LANGUAGES = (Language("promql", "prometheus", "Prometheus"), Language("influxql", "influxdb", "InfluxDB"))


def boards() -> Iterator[Board]:
    """Yield each dashboard's description in each language."""
    looks = tomllib.loads((HERE / "looks.toml").read_text("utf-8"))
    minutes = tomllib.loads((HERE / "minutes.toml").read_text("utf-8"))
    for path in sorted((HERE / "boards").glob("*.toml")):
        described = tomllib.loads(path.read_text("utf-8"))
        texts = described.get("snippet", {}) | {
            f"{thing}_{name}": text.replace("THING", thing).replace("BY", by)
            for thing, by in (("circuit", "site, circuit"), ("site", "site"))
            for name, text in minutes.items()
        }
        for language in LANGUAGES:
            yield Board(described, looks, texts, language)


def made(board: Board) -> dashboard.Dashboard:
    """Return one dashboard in one language."""
    described, language = board.described, board.language
    return dashboard.Dashboard(
        uid=f"netmon-{described['name']}-{language.datasource}",
        title=f"{described['title']} ({language.title})",
        description=described["description"],
        tags=["netmon", language.datasource],
        timezone="browser",
        graph_tooltip=dashboard.DashboardCursorSync.CROSSHAIR,
        time=dashboard.DashboardDashboardTime(described.get("from", "now-6h"), "now"),
        timepicker=dashboard.TimePickerConfig(refresh_intervals=["10s", "30s", "1m", "5m", "30m"]),
        refresh=described.get("refresh", "30s"),
        schema_version=SCHEMA_VERSION,
        panels=list(_panels(board)),
        templating=dashboard.DashboardDashboardTemplating(list(variables(board))),
        annotations=dashboard.AnnotationContainer(list(annotations(board))),
        links=[_link(language)],
    )


def _link(language: Language) -> dashboard.DashboardLink:
    return dashboard.DashboardLink(
        title="netmon dashboards",
        type_val=dashboard.DashboardLinkType.DASHBOARDS,
        icon="external link",
        tooltip="other dashboards of netmon",
        tags=["netmon", language.datasource],
        as_dropdown=True,
        include_vars=True,
        keep_time=True,
    )


def _panels(board: Board) -> Iterator[dashboard.Panel | dashboard.RowPanel]:
    """Yield rows and their panels, laid out from left to right and from top to bottom."""
    number, top = 0, 0
    for row in board.described["row"]:
        shown = [one for one in row["panel"] if board.language.those(one["query"])]
        if not shown:
            continue
        number += 1
        yield dashboard.RowPanel(
            title=row["title"], id_val=number, grid_pos=dashboard.GridPos(1, COLUMNS, 0, top)
        )
        places, top = _places([one["size"] for one in shown], top + 1)
        for described, place in zip(shown, places, strict=True):
            number += 1
            one = panel(board, described)
            one.id_val, one.grid_pos = number, place
            yield one


def _places(sizes: Sequence[Sequence[int]], top: int) -> tuple[list[dashboard.GridPos], int]:
    """Return where each panel goes, and the first free line below them."""
    places: list[dashboard.GridPos] = []
    left, bottom = 0, top
    for width, height in sizes:
        if left + width > COLUMNS:
            left, top = 0, bottom
        places.append(dashboard.GridPos(height, width, left, top))
        left, bottom = left + width, max(bottom, top + height)
    return places, bottom


def texts() -> Iterator[tuple[Path, str]]:
    """Yield each dashboard's file and the text that belongs into it."""
    encoder = JSONEncoder(indent=1, ensure_ascii=False)
    for board in boards():
        found: Json = {"id": None} | made(board).to_json()
        yield JSON / f"{found['uid']}.json", encoder.encode(found) + "\n"


def main(words: Sequence[str]) -> int:
    """Write what is not current, or tell it with exit code 1."""
    wanted = dict(texts())
    stale = [path for path, text in wanted.items() if not path.exists() or path.read_text("utf-8") != text]
    gone = [path for path in JSON.glob("*.json") if path not in wanted]
    if "--check" in words:
        for path in (*stale, *gone):
            sys.stderr.write(f"{path.name} is not what build.py makes\n")
        return 1 if stale or gone else 0
    JSON.mkdir(exist_ok=True)
    for path in stale:
        path.write_text(wanted[path], "utf-8")
    for path in gone:
        path.unlink()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
