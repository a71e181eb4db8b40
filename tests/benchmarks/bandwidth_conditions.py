"""Wrong conditions, many times: is the culprit named, and is a breach ever claimed that the path denies?"""

from __future__ import annotations

import asyncio
from collections import Counter
from dataclasses import dataclass

from _capacity_lab import served_path
from _results import report, say
from fakes.conditions import CARD, Condition, Router, run_on_line
from fakes.referee import FAR

from netmon import sdk
from probes.bandwidth.commission.instrument import Instrument
from probes.bandwidth.commission.token_bucket import Bucket
from probes.bandwidth.measured import Ask, Direction
from probes.bandwidth.witness import Card

BENCH, RUNS = "bandwidth_conditions", 2
BUCKET = ",burst=2000000,peak=100mbit"
LEARNED = Bucket(100e6, 2e6, 20e6)
SLOW_CARD = Card("eth0", 100_000_000, True, False)


@dataclass(frozen=True)
class Case:
    """A line of `rate` Mbit/s with something wrong, and what was bought; both in IP."""

    name: str
    rate: int
    bought: int
    fault: str = ""
    others: float = 0.0
    card: Card = CARD
    bucket: Bucket | None = None
    breach: bool = False


CASES = (
    Case("nothing wrong", 50, 50),
    Case("jitter of 2 ms", 50, 50, ",jitter=2ms,dist=exp"),
    Case("a token bucket, not learned", 20, 100, BUCKET),
    Case("a token bucket, learned", 20, 100, BUCKET, bucket=LEARNED, breach=True),
    Case("1 % loss", 20, 20, ",loss=1%"),
    Case("slots of 5 ms", 40, 40, ",slot=5ms"),
    Case("35 of 50 free", 50, 50, ",xrate=15mbit", 15e6),
    Case("a card of 100 on a contract of 500", 97, 500, card=SLOW_CARD),
    Case("30 of 50 delivered", 30, 50, breach=True),
)


def once(path, case: Case, kind: str, ask: Ask) -> tuple[str, bool | None, float | None]:
    """Return who was named (or that it was refused), whether it was delivered, and the rate, Mbit/s."""
    words = f"delay=10ms,rate={case.rate}mbit,buf=50ms{case.fault}"
    circuit = sdk.Circuit("line", case.bought * 10**6, case.bought * 10**6, "IP")
    known = None
    if case.bucket is not None:
        both = frozenset(Direction)
        known = Instrument("bench", {}, learned=both, buckets=dict.fromkeys(both, case.bucket))
    condition = Condition(circuit, Router("line", case.others), known, case.card)
    with path.emulating(words, words):
        try:
            found = asyncio.run(run_on_line(path.near, FAR, kind, ask, condition))
        except sdk.SourceError as error:
            return f"refused: {error}", None, None
    said = f"{found.finding.limited_by}, {found.judged.verdict}"
    rate = found.judged.rate
    return said + (", a peak" if found.measured.peak else ""), found.judged.delivered, rate and rate / 1e6


def main() -> None:
    with served_path() as (path, _):
        false_breaches = missed = tests = 0
        for case in CASES:
            for kind in ("ndt7", "http", "trains"):
                said: Counter[str] = Counter()
                for _ in range(RUNS):
                    for direction in Direction:
                        who, delivered, rate = once(
                            path, case, kind, Ask(direction, 3.0, 4, kind == "trains")
                        )
                        tests += 1
                        false_breaches += delivered is False and not case.breach
                        missed += delivered is not False and case.breach and kind != "trains"
                        said[who.partition(":")[0]] += 1
                        say(f"{case.name}: {kind} {direction}: {who}, {delivered}, {rate}")
                words = "; ".join(f"{count} times {who}" for who, count in said.most_common())
                say(f"== {case.name}, {kind}: {words}")
        report(BENCH, "false_breaches", false_breaches, "tests", runs=tests, goal=0)
        report(BENCH, "missed_breaches", missed, "tests", runs=tests, goal=0)


if __name__ == "__main__":
    main()
