"""Sites that measured for some days, in their own stores, and what sinks and exports made of these."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from random import Random

from fakes.clock import FakeClock
from fakes.evidence import inputs

from netmon.delivery.sink import Sink
from netmon.evidence.availability import by_contract
from netmon.evidence.busy_hour import busy_hour
from netmon.evidence.calendar import Days
from netmon.evidence.curve import Curve
from netmon.evidence.material import Material
from netmon.model import Event, Fault, Labels, Reading, Record, Retention, Row, Shape, Stamp, Value
from netmon.model.derived import (
    BANDWIDTH_TEST,
    BANDWIDTH_TEST_METRICS,
    CIRCUIT_MINUTE,
    CIRCUIT_MINUTE_METRICS,
    FAULT_NUMBERS,
)
from netmon.store.history import open_history
from netmon.store.reader import open_reader

MBIT = 1_000_000
BOUGHT = 100 * MBIT
LAYERS = ("L1", "L2", "IP", "TCP")
DOWN_FAULTS = (Fault.LINE, Fault.POWER, Fault.CPE, Fault.ISP, Fault.UNKNOWN)
CURVES = ("down_use", "up_use", "rtt_p50", "rtt_p95", "loss")


def key_of(site: str, circuit: str) -> Labels:
    return (("site", site), ("circuit", circuit))


def site_records(site: str, circuits: Sequence[str], days: Days, seed: int) -> list[Record]:
    """All that a site keeps: minutes with outages and holes, some by a wrong clock, some late; tests."""
    random = Random(seed)
    rows = tuple(Row(key_of(site, one)) for one in circuits)
    shape = Shape(CIRCUIT_MINUTE, CIRCUIT_MINUTE_METRICS, rows, Retention.EVIDENCE)
    lives = [_life(random) for _ in circuits]
    found: list[Record] = []
    gone = 0
    for minute in range(days.start_minute, days.end_minute):
        gone = gone - 1 if gone else (random.randrange(5, 200) if random.random() < 1 / 2000 else 0)
        kinds = [next(life) for life in lives]
        if not gone:
            found.append(_minute(shape, minute, kinds, random))
        if minute % 180 == 97:
            for direction in ("down", "up"):
                for circuit in circuits:
                    found += speed(site, circuit, minute, direction, random)
    return _late(found, random)


def _life(random: Random) -> Iterator[tuple[int, Fault, int | None]]:
    """A line's minutes: state, fault, degraded."""
    while True:
        yield from [(1, Fault.NONE, 0)] * random.randrange(30, 900)
        state, fault = random.choice(((0, random.choice(DOWN_FAULTS)), (2, Fault.APPLIANCE), (1, Fault.LINE)))
        yield from [(state, fault, 1 if state == 1 else None)] * random.choice((1, 2, 5, 17, 90))


def _minute(
    shape: Shape, minute: int, kinds: Sequence[tuple[int, Fault, int | None]], random: Random
) -> Reading:
    wrong = minute % 700 < 9
    names = [metric.name.split("_", 2)[2] for metric in shape.metrics]
    columns = [[_cell(name, kind, random) for kind in kinds] for name in names]
    return Reading(shape, stamp_of(minute, wrong=wrong), tuple(columns), ("ok",) * len(kinds))


def stamp_of(minute: int, offset_ms: int = 30_000, *, wrong: bool = False) -> Stamp:
    """A moment of a boot whose clock was right, or of one that never was."""
    wall_ms = minute * 60_000 + offset_ms
    # A boot of its own for each stretch by a wrong clock: it ended before a time server answered.
    boot = f"astray-{minute // 700}" if wrong else "boot-0"
    return Stamp(boot, (wall_ms - 1_700_000_000_000) * 1_000_000, wall_ms, synced=not wrong)


def _cell(name: str, kind: tuple[int, Fault, int | None], random: Random) -> Value:
    state, fault, degraded = kind
    told: dict[str, Value] = {"state": state, "fault": FAULT_NUMBERS[fault], "degraded": degraded}
    if name in told:
        return told[name]
    if name == "contracted_bytes_per_second":
        return BOUGHT / 8
    if name.endswith("_info") or state != 1 or random.random() < 0.01:
        return None
    return {"rtt_seconds": 0.01 + random.random() / 50, "loss_ratio": random.randrange(3) / 30}.get(
        name, random.random()
    )


def speed(site: str, circuit: str, minute: int, direction: str, random: Random) -> Iterator[Record]:
    """A test: its event, and the reading that is charted."""
    method = random.choice(("http", "http", "trains"))
    limited, rate = random.choice(("circuit", "circuit", "host_cpu")), random.uniform(60, 99) * MBIT
    low = random.choice((0.0, 20_000.0, 5.0 * MBIT, 30.0 * MBIT, None))
    high = None if low is None else low * 1.25
    verdict = _verdict(limited, high, method)
    at = stamp_of(minute, 1000 * len(circuit) + (0 if direction == "down" else 9_000))
    data = {
        "method": method, "direction": direction, "refused": None, "verdict": verdict,
        "verdict_reason": f"it is {verdict}", "doubt": "doubtful" if verdict == "inconclusive" else None,
        "error_ratio": 0.02, "claimable": True, "peak": method == "trains", "limited_by": limited,
        "limited_by_reason": '=who knows, "really"', "host": {"clock_synchronised": True},
        "bits_per_second": {layer: round(rate) for layer in LAYERS},
        "cross_bits_per_second": dict.fromkeys(LAYERS, high),
        "idle_latency": {"p50_seconds": 0.011, "p95_seconds": 0.014, "mean_seconds": 0.012},
        "loaded_latency": {"p50_seconds": 0.03 + rate / 1e10, "p95_seconds": 0.07, "mean_seconds": 0.04},
        "curve": {"seconds": [0.1, 0.2]},
    }  # fmt: skip
    key = (*key_of(site, circuit), ("target", "the centre"))
    yield Event(BANDWIDTH_TEST, key, f"{direction}, tested", at, data, Retention.EVIDENCE)
    texts = (("netmon_bandwidth_limited_by_info", limited), ("netmon_bandwidth_verdict_info", verdict))
    row = Row((*key, ("method", method), ("layer", "L2"), ("direction", direction)), texts=texts)
    shape = Shape(BANDWIDTH_TEST, BANDWIDTH_TEST_METRICS, (row,), Retention.EVIDENCE)
    told = {"bytes_per_second": round(rate) / 8, "claimable": 1, "limited_by_info": 1, "verdict_info": 1}
    told |= {"cross_traffic_bytes_per_second": None if low is None else low / 8}
    told |= {"cross_traffic_most_bytes_per_second": None if high is None else high / 8}
    for metric in shape.metrics:
        of = dict(metric.labels)
        if metric.name == "netmon_bandwidth_rtt_seconds":
            told[metric] = data[f"{of['state']}_latency"][f"{of['statistic']}_seconds"]
    columns = tuple([told.get(one, told.get(one.name.split("_", 2)[2]))] for one in shape.metrics)
    yield Reading(shape, at, columns, ("ok",))


def _verdict(limited: str, high: float | None, method: str) -> str:
    if high is None or limited == "host_cpu":
        return "invalid"
    if high > 0.1 * BOUGHT or method == "trains":
        return "inconclusive"
    return "clean" if high <= 0.01 * BOUGHT else "corrected"


def _late(records: list[Record], random: Random) -> list[Record]:
    """Some stretches are told after what followed them."""
    found: list[Record] = []
    waiting: list[Record] = []
    for start in range(0, len(records), 60):
        piece = records[start : start + 60]
        if random.random() < 0.05:
            waiting += piece
        else:
            found += [*piece, *waiting]
            waiting = []
    return [*found, *waiting]


async def keep(folder: Path, records: Iterable[Record]) -> None:
    """Put records into a real store."""
    history = open_history(folder, FakeClock())
    try:
        batch: list[Record] = []
        for record in records:
            batch.append(record)
            if len(batch) == 2000:
                history.accept(batch)
                await history.commit()
                batch = []
        history.accept(batch)
        await history.commit()
        assert history.dropped_total == 0
    finally:
        await history.close()


async def deliver(folder: Path, sink: Sink) -> None:
    """Send all that a store has through a sink, as records of the past."""
    with closing(open_reader(folder)) as reader:
        position, lines = 0, []
        while entries := reader.after(position, 1000):
            for entry in entries:
                lines += sink.encode_past(entry.record)
            position = entries[-1].position
            if len(lines) > 20_000:
                await sink.send(lines)
                lines = []
        if lines:
            await sink.send(lines)
    await sink.close()


def differing(one: Material, other: Material, digits: int | None = None) -> list[str]:
    """What differs between two materials but tests; numbers may be cut after some digits."""
    names = [
        name for name in ("circuit", "days", "strip", "synced") if getattr(one, name) != getattr(other, name)
    ]
    return names + [name for name in CURVES if not same(getattr(one, name), getattr(other, name), digits)]


def same(one: Curve, other: Curve, digits: int | None) -> bool:
    """Whether two curves have the same values; None is equal to None alone."""
    if digits is None or one.start_minute != other.start_minute:
        return one == other
    pairs = zip(one.values, other.values, strict=True)
    return all(
        a == b or (a is not None and b is not None and abs(a - b) <= abs(a) * 10.0**-digits) for a, b in pairs
    )


def figures(material: Material, days: Days, numbers: int = 9) -> object:
    """What reports make of it, as people read it."""
    read = inputs(f"circuit={material.circuit}|down=100Mbit/s|up=100Mbit/s|rate_layer=L2|availability=99%")
    parts = by_contract(material.strip, days, read.contracts, material.circuit, (), None)
    hours = busy_hour(material.use, days, list(days))
    saturated = sum(material.use.mask(lambda value: value >= 0.8))
    return (
        [(one.contract, one.down_bounds, one.verdict, one.outages, one.user_minutes_lost) for one in parts],
        repr(rounded(hours, numbers)),
        saturated,
    )


def rounded(value: object, numbers: int) -> object:
    """Numbers inside anything, cut after some places."""
    if isinstance(value, float):
        return round(value, numbers)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [rounded(one, numbers) for one in value]
    if hasattr(value, "__slots__"):
        return [rounded(getattr(value, name), numbers) for name in value.__slots__]
    return value
