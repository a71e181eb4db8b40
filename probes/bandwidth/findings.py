"""What one run of the probe found at a target, and the records that are made of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from netmon import sdk
from probes.bandwidth.charted import Charted
from probes.bandwidth.claim import Claim, Figure, claim
from probes.bandwidth.judge import Verdict
from probes.bandwidth.latency import Latency
from probes.bandwidth.layers import Layer
from probes.bandwidth.manners import Decision, Refusal
from probes.bandwidth.measured import Direction
from probes.bandwidth.passive import WanWatch
from probes.bandwidth.record import Subject, Test, event, passive_event, refusal, words
from probes.bandwidth.tester import LineBusyError


@dataclass(slots=True)
class Findings:
    """One target's tests, failures and refusal, with the endpoint that it stands for."""

    endpoint: str = ""
    address: str = ""
    tests: list[Test] = field(default_factory=list)
    failures: list[sdk.SourceError] = field(default_factory=list)
    refused: Refusal | None = None
    idle: Latency | None = None
    news: Sequence[sdk.Record] = ()
    """What else became known, ready as it is."""
    ended: bool = False
    """False: it was cut off."""

    @property
    def decision(self) -> Decision:
        """What came of the wish to test."""
        if self.tests:
            return Decision.TESTED
        if self.refused is not None:
            return self.refused.why
        busy = any(isinstance(error, LineBusyError) for error in self.failures)
        return Decision.LINE_BUSY if busy else Decision.FAILED

    def figures(self) -> list[tuple[str, Figure]]:
        """Return direction and figure of each test that found one; all in the same layer."""
        rates = [(test.direction, test.measured.rate(Layer.IP)) for test in self.tests]
        return [(way, Figure(self.endpoint, self.address, rate)) for way, rate in rates if rate is not None]

    def claimed(self, named: Sequence[str], others: Iterable[Findings]) -> None:
        """Note which figures can be claimed, by the contract's endpoints or another one that agrees."""
        elsewhere = [figure for other in others for figure in other.figures()]
        found = dict(self.figures())
        self.tests = [
            replace(test, claim=_claim(test, found[test.direction], named, elsewhere))
            if test.direction in found
            else test
            for test in self.tests
        ]

    def sample(self, target: str, subject: Subject, stamp: sdk.Stamp, charted: Charted) -> sdk.Sample:
        """Return the records of tests and of what failed; PARTIAL where there are both."""
        if self.refused is not None:
            record = refusal(self.refused.why, self.refused.words, subject, stamp)
            return sdk.Sample(
                outcome=sdk.Outcome.UNSUPPORTED, detail=self.refused.words, records=(record, *self.news)
            )
        records: list[sdk.Record] = []
        if self.tests:
            records.append(charted.reading(target, subject, self.tests, self.idle))
        records += [event(test, subject, self.idle) for test in self.tests]
        records += [_failure(error, subject, stamp) for error in self.failures]
        records += self.news
        if not self.failures:
            detail = words(self.tests[-1], subject.method) if self.tests else ""
            return sdk.Sample(records=tuple(records), detail=detail)
        outcome = sdk.Outcome.PARTIAL if self.tests else sdk.Outcome(self.failures[0].outcome)
        return sdk.Sample(outcome=outcome, detail=str(self.failures[0]), records=tuple(records))


def _claim(
    test: Test, figure: Figure, named: Sequence[str], elsewhere: Sequence[tuple[str, Figure]]
) -> Claim:
    if test.judged.verdict in (Verdict.INVALID, Verdict.INCONCLUSIVE):
        return Claim(claimable=False, reason=f"its verdict is {test.judged.verdict}")
    return claim(figure, named, [other for way, other in elsewhere if way == test.direction])


def _failure(error: sdk.SourceError, subject: Subject, stamp: sdk.Stamp) -> sdk.Event:
    if isinstance(error, LineBusyError):
        return refusal(error.refusal.why, str(error), subject, stamp, error.used)
    return refusal(Decision.FAILED, str(error), subject, stamp)


def passive_sample(
    context: sdk.Context, watch: WanWatch, directions: Sequence[Direction], subject: Subject
) -> sdk.Sample:
    """Look at the WAN port's last minute; only one near the contracted rate leaves a record."""
    records: list[sdk.Record] = []
    for direction in directions:
        minute = watch.look(context.latest, direction)
        if minute is not None and subject.circuit is not None:
            context.trace(f"{direction}: {minute.bits_per_second / 1e6:.2f} Mbit/s (L2)")
            proof = passive_event(minute, subject.key, subject.circuit, context.clock.stamp())
            records += [proof] if proof is not None else []
    return sdk.Sample(records=tuple(records), detail="looked at the WAN port")
