"""Work out a pack's figures again from its records, minute by minute, with exact fractions."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Iterator
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from zoneinfo import ZoneInfo

from .cells import Record, Row, number
from .minutes import account, blamed, bounds, exclude, minutes_of, outages, verdict
from .money import clocks, credit
from .speed import judged

Tables = dict[str, list[Row]]


def recompute(path: Path) -> list[str]:
    """Return each figure of a pack that does not follow from its records; nothing is good."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name).decode() for name in archive.namelist()}
    told = json.loads(parts["findings.json"])
    records = [json.loads(line)["rec"] for line in parts["records.jsonl"].splitlines()]
    records = [record["rec"] if record["kind"] == "amendment" else record for record in records]
    tables = {
        name: list(
            csv.DictReader(io.StringIO(parts.get(f"{name}.csv", "").removeprefix("\ufeff"), newline=""))
        )
        for name in ("contracts", "exclusions", "tickets")
    }
    return list(_differences(told, figures(told, records, tables), ""))


def figures(told: Record, records: list[Record], tables: Tables) -> Record:
    """Return the figures of the circuit and the days that a document names."""
    head = {name: told[name] for name in ("method", "circuit", "site", "first", "last", "timezone")}
    own = [record for record in records if _circuit(record) == head["circuit"]]
    rows = sorted(
        (r for r in tables["contracts"] if r["circuit"] == head["circuit"]), key=lambda r: r["from"]
    )
    first, last = date.fromisoformat(head["first"]), date.fromisoformat(head["last"])
    days = [first + timedelta(days=n) for n in range((last - first).days + 1)]
    zone, parts = ZoneInfo(head["timezone"]), _stretches(rows, days)
    found, given = [_stretch(*part, zone, own, tables) for part in parts], dict[str, int]()
    for (terms, some), one in zip(parts, found, strict=True):
        share = Fraction(len(some), len(days))
        one["credit"] = credit(one["minutes"], one["clocks"], terms, share, given)
    return {**head, "stretches": found}


def _circuit(record: Record) -> object:
    return record.get("circuit") or record.get("key", {}).get("circuit")


def _stretches(rows: list[Row], days: list[date]) -> list[tuple[Row | None, list[date]]]:
    found: list[tuple[Row | None, list[date]]] = []
    for day in days:
        begun = [row for row in rows if row["from"] <= str(day)]
        terms = begun[-1] if begun and str(day) <= (begun[-1].get("to") or "9") else None
        ended = str(day - timedelta(days=1))
        if not found or any(str(day) == row["from"] or ended == row.get("to") for row in rows):
            found.append((terms, []))
        found[-1][1].append(day)
    return found


def _stretch(
    terms: Row | None, days: list[date], zone: ZoneInfo, records: list[Record], tables: Tables
) -> Record:
    minutes = minutes_of(records, terms, days, zone)
    if terms:
        exclude(minutes, terms, tables["exclusions"])
    counted, edges, found = account(minutes, terms), bounds(minutes), outages(minutes)
    target = number(terms["availability"]) / 100 if terms and terms.get("availability") else None
    begun = [one for one in found if minutes[one[0]].inside]
    faults = clocks(begun, tables["tickets"], terms) if terms else []
    cited = f"{terms['document']}, {terms.get('credit_clause') or terms['clause']}" if terms else None
    return {
        "first": str(days[0]),
        "last": str(days[-1]),
        "cited": cited,
        "minutes": counted,
        "down_bounds": edges,
        "verdict": verdict(counted, edges, target),
        "outages": [[start, end, sum(map(len, by.values())), blamed(by)] for start, end, by in found],
        "clocks": faults,
        "tests": judged(records, terms, days, zone),
    }


def _differences(told: object, found: object, where: str) -> Iterator[str]:
    if isinstance(told, dict) and isinstance(found, dict):
        for name in sorted(told.keys() | found.keys()):
            yield from _differences(told.get(name), found.get(name), f"{where}.{name}".strip("."))
    elif isinstance(told, list) and isinstance(found, list) and len(told) == len(found):
        for place, (one, other) in enumerate(zip(told, found, strict=True)):
            yield from _differences(one, other, f"{where}[{place}]")
    elif told != found:
        yield f"{where}: the pack says {told!r}, its records give {found!r}"
