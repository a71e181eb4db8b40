"""The model site of the store's benchmarks: 200 values each 10 s and 2,000 each minute, as one day has them.

40 targets of 5 values (round trips with a resolution of 1 us, loss) and 50 tables of 4 rows x 10 metrics
(busy and idle counters of octets and packets, errors, constants, processors, temperatures). Schedulers are
some milliseconds late, and two of a thousand polls are missing. Everything follows from the seed.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator
from heapq import merge
from itertools import count

from netmon.model import Outcome, Reading, Row, Shape, Stamp, Value, counter, gauge, integer, state

BOOT = "6d0c0f3e-0000-4000-8000-00000000b007"
MIDNIGHT_MS = 1_700_006_400_000
"""A midnight in UTC; in the past, or servers would not take it."""
BOOTTIME_MS = 50_000
SAMPLES_PER_SECOND = 40 * 5 / 10 + 50 * 40 / 60
PING = tuple(
    gauge(f"probe_rtt_{name}_seconds", f"Round trip, {name}.") for name in ("min", "p50", "p95", "max")
)
LOSS = gauge("probe_loss_ratio", "Share of echoes without an answer.")
TABLE = (
    counter("ifHCInOctets", "Octets received."), counter("ifHCOutOctets", "Octets sent."),
    counter("ifHCInUcastPkts", "Packets received."), counter("ifHCOutUcastPkts", "Packets sent."),
    counter("ifInErrors", "Frames with errors."), counter("ifOutErrors", "Frames not sent."),
    counter("ifInDiscards", "Frames dropped."),
    state("ifOperStatus", "1 up, 2 down."), integer("ifHighSpeed", "Mbit/s."),
    gauge("sensor", "Load or temperature."),
)  # fmt: skip

Draw = Callable[[random.Random, float], Value]
"""The next value, at a share of the day."""


def _rtt(chance: random.Random) -> Draw:
    base = 8 + 3 * chance.random()

    def draw(r: random.Random, day: float) -> Value:
        late = r.expovariate(1 / 40) if r.random() < 0.005 else 0
        value = base + 1.5 * max(math.sin(day), 0) + r.gammavariate(2, 0.35) + late
        return round(value / 1000, 6)

    return draw


def _loss(r: random.Random, _day: float) -> Value:
    return round(r.randint(1, 3) / 3, 5) if r.random() < 0.004 else 0.0


def _counter(chance: random.Random, scale: float, bits: int) -> Draw:
    total = chance.randrange(1 << bits)

    def draw(r: random.Random, day: float) -> Value:
        nonlocal total
        total += int((scale * (1.2 + math.sin(day)) + scale / 40) * 60 * r.gammavariate(3, 1 / 3))
        return total

    return draw


def _idle(chance: random.Random, share: float, least: int, most: int) -> Draw:
    total = chance.randrange(1 << 30)

    def draw(r: random.Random, _day: float) -> Value:
        nonlocal total
        if r.random() < share:
            total += r.randint(least, most)
        return total

    return draw


def _load(r: random.Random, day: float) -> Value:
    return int(min(max(20 + 15 * math.sin(day) + r.gauss(0, 5), 0), 100))


def _temperature(_chance: random.Random) -> Draw:
    now = 40.0

    def draw(r: random.Random, _day: float) -> Value:
        nonlocal now
        now += r.gauss(0, 0.05)
        return round(now, 1)

    return draw


def _table_draws(chance: random.Random, number: int) -> list[list[Draw]]:
    def busy(scale: float, bits: int) -> list[Draw]:
        return [*(_counter(chance, scale, bits) for _ in range(3)), _idle(chance, 0.1, 60, 400)]

    def errors(idle: int) -> list[Draw]:
        quiet = [_idle(chance, 0.1, 1, 5) for _ in range(idle)]
        return [*(_idle(chance, 0.0005, 1, 1) for _ in range(4 - idle)), *quiet]

    def constant(value: int) -> list[Draw]:
        return [lambda _r, _day: value] * 4

    warm = 1 if number % 5 < 2 else 2
    sensors = [*([_load] * (4 - warm)), *(_temperature(chance) for _ in range(warm))]
    return [
        busy(2e6, 40), busy(2e6, 40), busy(2e3, 32), busy(2e3, 32), errors(0), errors(1), errors(1),
        constant(1), constant(1000), sensors,
    ]  # fmt: skip


def ping_group(number: int, seed: int = 1) -> tuple[Shape, list[list[Draw]]]:
    """Return one target's shape and how its values are drawn, by column and row."""
    chance = random.Random(f"{seed} ping {number}")
    draws: list[list[Draw]] = [[_rtt(chance)] for _ in range(4)]
    if number % 4 == 3:
        draws[3] = [_loss]
    key = (("site", "bench"), ("probe", "icmp"), ("target", f"target-{number}"))
    return Shape("icmp", (*PING, LOSS), (Row(key),)), [*draws, [_loss]]


def table_group(number: int, seed: int = 1) -> tuple[Shape, list[list[Draw]]]:
    """Return one switch's shape and how its values are drawn, by column and row."""
    chance = random.Random(f"{seed} table {number}")
    rows = tuple(
        Row(
            (("site", "bench"), ("device", f"switch-{number}"), ("ifName", f"Gi1/0/{port}")),
            (("ifIndex", str(port)), ("ifDescr", f"GigabitEthernet1/0/{port}"), ("ifAlias", f"desk {port}")),
        )
        for port in range(1, 5)
    )
    return Shape("interface", TABLE, rows), _table_draws(chance, number)


def group_readings(
    shape: Shape, draws: list[list[Draw]], period_ms: int, phase_ms: int, days: float, seed: str
) -> Iterator[Reading]:
    """Yield one group's readings for some days from midnight on."""
    chance = random.Random(seed)
    outcomes = (Outcome.OK,) * len(shape.rows)
    for tick in count():
        at_ms = phase_ms + tick * period_ms + min(int(chance.expovariate(1 / 8)), 2000)
        if at_ms >= days * 86_400_000:
            return
        if chance.random() < 0.002:
            continue
        day = at_ms / 86_400_000 * 2 * math.pi
        columns = tuple([draw(chance, day) for draw in column] for column in draws)
        ns = (BOOTTIME_MS + at_ms) * 1_000_000 + chance.randrange(1_000_000)
        yield Reading(shape, Stamp(BOOT, ns, MIDNIGHT_MS + at_ms), columns, outcomes)


def site_readings(days: float, pings: int = 40, tables: int = 50, seed: int = 1) -> Iterator[Reading]:
    """Yield the site's readings in the order of time."""
    streams = [
        group_readings(*ping_group(n, seed), 10_000, n * 250, days, f"{seed} p{n}") for n in range(pings)
    ]
    streams += [
        group_readings(*table_group(n, seed), 60_000, n * 1200, days, f"{seed} t{n}") for n in range(tables)
    ]
    return merge(*streams, key=lambda reading: reading.stamp.boottime_ns)


def samples(reading: Reading) -> int:
    """Return how many values a reading has."""
    return len(reading.columns) * len(reading.outcomes)
