"""A circuit's minutes of some days: what each was, who answers for it, and what is out of the account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from zoneinfo import ZoneInfo

from .cells import Record, Row, inside, minute, names, seconds

_STATES = ("down", "unknown", "up")
_FAULTS = ["none", "line", "cpe", "power", "lan", "wifi", "isp", "far_end", "resolver", "service"]
_FAULTS += ["appliance", "unknown"]
_OWNERS = {"line": "supplier", "isp": "supplier", "power": "power", "appliance": "appliance"}
_OWNERS |= dict.fromkeys(("cpe", "lan", "wifi"), "council_lan")
_BLAME = ("planned", "unknown", "power", "council_lan", "appliance", "supplier")


@dataclass
class Minute:
    """One minute: its state, who answers when it is down; whether it is of the days, counts, is excluded."""

    state: str
    owner: str
    inside: bool
    counts: bool
    excluded: bool = False


def minutes_of(
    records: list[Record], terms: Row | None, days: list[date], zone: ZoneInfo
) -> dict[int, Minute]:
    """Return each minute of the days and three around; of two records, the later of down, unknown, up."""
    told: dict[int, tuple[int, int]] = {}
    for record in records:
        if record["kind"] == "circuit_minute":
            state = record["state"] if record.get("synced", True) else "unknown"
            new = _STATES.index(state), _FAULTS.index(record["fault"])
            told[record["t"]] = max(told.get(record["t"], new), new)
    found = {}
    first, last = midnight(days[0], zone), midnight(days[-1] + timedelta(days=1), zone)
    for now in range(first - 4320, last + 4320):
        state, fault = told.get(now, (1, 0))
        owner = _OWNERS.get(_FAULTS[fault], "unknown")
        if _FAULTS[fault] == "cpe" and terms and terms.get("router_by") == "supplier":
            owner = "supplier"
        local = datetime.fromtimestamp(now * 60, UTC).astimezone(zone)
        own = first <= now < last
        found[now] = Minute(_STATES[state], owner, own, own and inside((terms or {}).get("hours"), local))
    return found


def midnight(day: date, zone: ZoneInfo) -> int:
    """Return the first minute of a day."""
    return int(datetime(day.year, day.month, day.day, tzinfo=zone).timestamp()) // 60


def exclude(minutes: dict[int, Minute], terms: Row, rows: list[Row]) -> None:
    """Take out what the contract does not count."""
    causes = names(terms.get("excludes")) or ["planned", "customer", "force_majeure"]
    left = int(seconds(terms["maintenance_cap"])) // 60 if terms.get("maintenance_cap") else None
    notice = terms.get("maintenance_notice_days")
    own = [row for row in rows if row["circuit"] == terms["circuit"] and row["cause"] in causes]
    for row in sorted(own, key=lambda r: (minute(r["from"]), minute(r["to"]), r["cause"], r["reference"])):
        planned, announced = row["cause"] == "planned", row.get("announced")
        starts, days = datetime.fromisoformat(row["from"]), timedelta(days=int(notice or 0))
        if planned and notice and not (announced and starts - datetime.fromisoformat(announced) >= days):
            continue
        first, last = max(minute(row["from"]), min(minutes)), min(minute(row["to"]), max(minutes) + 1)
        for one in (minutes[now] for now in range(first, last)):
            if one.excluded or (planned and one.inside and left == 0):
                continue
            one.excluded = True
            if planned and one.inside and left is not None:
                left -= 1


def account(minutes: dict[int, Minute], terms: Row | None) -> dict[str, int]:
    """Count the minutes of the contract's hours."""
    counted = [one for one in minutes.values() if one.counts]
    inside_ = [one for one in counted if not one.excluded]
    down = sum(one.state == "down" and one.owner == "supplier" for one in inside_)
    ours = sum(one.state == "down" and one.owner in ("power", "council_lan") for one in inside_)
    up, excluded = sum(one.state == "up" for one in inside_), len(counted) - len(inside_)
    unknown = len(inside_) - up - down - ours
    if terms and "customer" in (names(terms.get("excludes")) or ["customer"]):
        excluded, ours = excluded + ours, 0
    return {"up": up, "down": down, "elsewhere": ours, "unknown": unknown, "excluded": excluded}


def bounds(minutes: dict[int, Minute]) -> list[int]:
    """Return the fewest and most minutes that may be the supplier's: each run has an edge of a minute."""

    def runs(holds: Callable[[Minute], bool]) -> list[int]:
        found = [0]
        for one in minutes.values():
            if one.counts and not one.excluded and holds(one):
                found[-1] += 1
            elif found[-1]:
                found.append(0)
        return [length for length in found if length]

    down = runs(lambda one: one.state == "down" and one.owner == "supplier")
    ours = ("power", "council_lan")
    maybe = runs(lambda one: one.state == "unknown" or (one.state == "down" and one.owner not in ours))
    return [sum(down) - len(down), sum(maybe) + len(maybe)]


def verdict(figures: dict[str, int], edges: list[int], target: Fraction | None) -> str:
    """Tell whether availability was kept."""
    counted = sum(figures.values()) - figures["excluded"]
    if target is None or not counted or not figures["up"] + figures["down"] + figures["elsewhere"]:
        return "not shown"
    allowed = (1 - target) * counted
    if edges[0] > allowed:
        return "fail"
    return "pass" if edges[1] <= allowed and allowed >= 10 else "not shown"


def outages(minutes: dict[int, Minute]) -> list[tuple[int, int, dict[str, list[int]]]]:
    """Return beginning, end and minutes by who answers, of runs of two that lie at most two apart."""
    runs: list[list[int]] = []
    for now, one in minutes.items():
        if one.state == "down":
            if runs and runs[-1][1] == now:
                runs[-1][1] = now + 1
            else:
                runs.append([now, now + 1])
    joined: list[list[int]] = []
    for start, end in ((a, b) for a, b in runs if b - a > 1):
        between = [minutes[now].state for now in range(joined[-1][1], start)] if joined else []
        if joined and len(between) - between.count("down") <= 2:
            joined[-1][1] = end
        else:
            joined.append([start, end])
    found = []
    for start, end in joined:
        if not any(minutes[now].inside for now in range(start, end)):
            continue
        by: dict[str, list[int]] = {}
        for now in range(start, end):
            if minutes[now].state == "down":
                by.setdefault("planned" if minutes[now].excluded else minutes[now].owner, []).append(now)
        found.append((start, end, by))
    return found


def blamed(by: dict[str, list[int]]) -> str:
    """Return who answers for most of an outage; of two, not the supplier."""
    return max(by, key=lambda who: (len(by[who]), -_BLAME.index(who)))
