"""How often the statistics of evidence are wrong, on simulated days with memory and on simulated tests."""

from __future__ import annotations

from datetime import date
from random import Random

from _results import report, say
from _upgrade_lab import simulated, window

from netmon.evidence.before_after import Conclusion, History, before_after
from netmon.evidence.calendar import Days
from netmon.evidence.delivered import delivered
from netmon.evidence.inputs.book import ContractBook
from netmon.evidence.inputs.files import read_texts
from netmon.evidence.inputs.terms import Terms
from netmon.evidence.speed_tests import SpeedTest
from netmon.evidence.statistics.quantiles import interval
from netmon.evidence.verdicts import Verdict

RUNS, DRAWS = 1000, 300
MEMORIES, WEEKS = (0.3, 0.5), (4, 8)
SHIFT = 0.84
FOUND = {Conclusion.BETTER, Conclusion.WORSE}
DAYS = Days(date(2026, 3, 1), date(2026, 3, 30), "UTC")
MBIT = 1_000_000
CONTRACT = "circuit,from,document,clause,down,minimum_down\nc1,2024-01-01,O,1,100Mbit/s,50Mbit/s\n"


def shifts(weeks: int, memory: float, ratio: float, seed: int) -> float:
    """Share of runs in which a change is told, in percent."""
    random, both = Random(seed), window(weeks)
    told = 0
    for _ in range(RUNS):
        history = History(simulated(random, both, memory, ratio))
        (effect,) = before_after({"rtt": history}, both, ("rtt",), lambda day: day.weekday() < 5, DRAWS)
        told += effect.conclusion in FOUND
    return 100 * told / RUNS


def verdicts(terms: Terms, fails: float, per_day: int, alike: float, seed: int) -> dict[Verdict, float]:
    """Shares of verdicts in percent; `alike` is how much a day's own luck moves its tests."""
    random = Random(seed)
    counts = dict.fromkeys(Verdict, 0)
    for _ in range(RUNS):
        tests = []
        for day in range(20):
            luck = min(max(fails + random.choice((-1, 1)) * alike * fails, 0), 1)
            for n in range(per_day):
                rate = 80.0 if random.random() < luck else 99.0
                minute = DAYS.start_minute + day * 1440 + 600 + n
                tests.append(SpeedTest(minute, "down", "http", {"L2": rate * MBIT}, {"L2": 0.0}))
        counts[delivered("delivered_90", "down", tests, DAYS, terms).verdict] += 1
    return {verdict: 100 * count / RUNS for verdict, count in counts.items()}


def misses(share: float, n: int, seed: int) -> float:
    """Share of 95 % intervals of a percentile that do not hold the true one, in percent."""
    random = Random(seed)
    missed = 0
    for _ in range(RUNS):
        found = interval([random.random() for _ in range(n)], share)
        missed += found is None or not found[0] <= share <= found[1]
    return 100 * missed / RUNS


def upgrades() -> None:
    """False and true finds of before and after."""
    worst = []
    for weeks in WEEKS:
        for memory in MEMORIES:
            false = shifts(weeks, memory, 1.0, 1)
            worst.append(false)
            say(f"{weeks}+{weeks} weeks, memory {memory}: {false:.1f} % false")
    note = f"least {min(worst):.1f}, most {max(worst):.1f} over {len(worst)} settings"
    report(
        "evidence_statistics", "false_positive_percent", sum(worst) / len(worst), "%", runs=RUNS, note=note
    )
    for memory in (0.0, 0.7):
        edge, note = shifts(4, memory, 1.0, 1), f"memory {memory}, 4+4 weeks: beyond what is usual"
        report("evidence_statistics", "false_positive_edge_percent", edge, "%", runs=RUNS, note=note)
    power = shifts(4, 0.3, SHIFT, 2)
    report(
        "evidence_statistics", "found_percent", power, "%", runs=RUNS, note="16 % less, 4+4 weeks, memory 0.3"
    )


def main() -> None:
    """Run all."""
    upgrades()
    book: ContractBook = read_texts({"contracts": CONTRACT}).contracts
    terms = book.on("c1", DAYS.first)
    if terms is None:
        raise AssertionError("the contract of the bench is not in force")
    for alike in (0.0, 0.7):
        edge = verdicts(terms, 0.1, 6, alike, 3)
        note = f"120 tests, exactly nine of ten pass, days differ by {alike:.0%}"
        report("evidence_statistics", "false_breach_percent", edge[Verdict.FAIL], "%", runs=RUNS, note=note)
        report("evidence_statistics", "false_pass_percent", edge[Verdict.PASS], "%", runs=RUNS, note=note)
    worse = verdicts(terms, 0.2, 6, 0.0, 4)
    report(
        "evidence_statistics", "breach_found_percent", worse[Verdict.FAIL], "%", runs=RUNS,
        note="120 tests, eight of ten pass",
    )  # fmt: skip
    for share, n in ((0.1, 120), (0.2, 60), (0.5, 30)):
        note = f"percentile {share:.0%} of {n}, nominal 5 % at most"
        report(
            "evidence_statistics", "interval_missed_percent", misses(share, n, 6), "%", runs=RUNS, note=note
        )


if __name__ == "__main__":
    main()
