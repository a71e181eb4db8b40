"""All rules of a configuration, and for each row that they cover since when its condition holds."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from weakref import WeakKeyDictionary

from netmon.incidents.incident import Badness, Level, Thing
from netmon.incidents.look import Look
from netmon.incidents.moments import elapsed_seconds, short_stamp, shortened
from netmon.incidents.rule import Condition, Rule
from netmon.model import Fact, Fault, Json, Kind, Labels, Reading, Record, Shape, Stamp
from netmon.rates import Count
from netmon.store.interface import HistoryReader

FACT = "rule_state"
"""Kind of the facts that say since when a rule's condition holds for a row, or that there is such a row."""
_WORTH_SECONDS = 30.0
"""A condition that held for so long is kept over a restart: shorter ones are not worth a record."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """What an earlier start had seen of a row: when the last time, and since when the condition held."""

    thing: Thing
    seen: Stamp
    since: Stamp | None


def remembered(reader: HistoryReader) -> list[Remembered]:
    """Read it from the history; blocks on the disk."""
    found = []
    for fact in reader.facts(FACT):
        thing, measurement = _thing_of(fact), str(fact.values.get("measurement", ""))
        if thing is not None:
            last = reader.last(measurement, _labels(thing)) if measurement else None
            seen = fact.stamp if last is None else last.stamp
            found.append(Remembered(thing, seen, short_stamp(fact.values.get("since"))))
    return found


@dataclass(slots=True)
class _Row:
    """One row that a rule covers."""

    rule: Rule
    thing: Thing
    seen: Stamp
    measurement: str = ""
    now: Count | None = None
    before: Count | None = None
    since: Stamp | None = None
    kept: Stamp | None = None
    """What the last fact of it said."""
    known: bool = False
    """Whether there is a fact of it at all."""
    fired: bool = False


_Places = tuple[tuple[Rule, Thing, int, int], ...]
"""Rule, thing, row and column."""


class Rules:
    """Looks at each reading as it comes. `publish` takes facts that let a later start go on."""

    def __init__(
        self, rules: Sequence[Rule], publish: Callable[[Sequence[Record]], None] | None = None
    ) -> None:
        self.rules = tuple(rules)
        self._publish = publish
        self._rows: dict[Thing, _Row] = {}
        self._wanted: Callable[[Thing], bool] = lambda _thing: True
        self._places: WeakKeyDictionary[Shape, _Places] = WeakKeyDictionary()

    def follow(self, earlier: Rules) -> None:
        """Take over what rules that stayed the same have seen under another configuration."""
        same = {rule.word for rule in self.rules if rule in earlier.rules}
        self._rows = {thing: row for thing, row in earlier._rows.items() if thing.condition in same}

    def resume(self, remembered: Sequence[Remembered]) -> None:
        """Go on with what an earlier start had seen."""
        by_word = {rule.word: rule for rule in self.rules}
        for one in remembered:
            rule = by_word.get(one.thing.condition)
            if rule is not None and self._wanted(one.thing):
                row = _Row(rule, one.thing, one.seen, since=one.since, kept=one.since, known=True)
                self._rows.setdefault(one.thing, row)

    def accept(self, records: Sequence[Record]) -> None:
        """Take records without waiting."""
        for record in records if self.rules else ():
            if isinstance(record, Reading):
                for place in self._of(record.shape):
                    self._take(record, *place)

    def looks(self, now: Stamp, known: Collection[Thing]) -> list[Look]:
        """Return a look at each row whose condition holds, and at those that have an incident."""
        found: list[Look] = []
        facts: list[Fact] = []
        for thing, row in self._rows.items():
            since = self._since(row, now)
            firing = since is not None and elapsed_seconds(since, now) >= row.rule.for_seconds
            if firing or row.fired or thing in known:
                found.append(self._look(row, since if firing else None, pending=since is not None))
            facts += self._fact(row, since, now)
            row.fired = firing
            if firing and row.rule.condition is Condition.CHANGED:
                row.since = None
        if facts and self._publish is not None:
            self._publish(facts)
        return found

    def keep(self, wanted: Callable[[Thing], bool]) -> None:
        """Forget rows of what is not configured any more: their silence, or last value, means nothing."""
        self._wanted = wanted
        self._rows = {thing: row for thing, row in self._rows.items() if wanted(thing)}
        self._places.clear()

    def covers(self, shape: Shape) -> bool:
        """Tell whether a rule is about anything in readings of this shape."""
        return bool(self.rules and self._of(shape))

    def has(self, thing: Thing) -> bool:
        """Tell whether there is still such a rule."""
        return any(rule.word == thing.condition for rule in self.rules)

    def _of(self, shape: Shape) -> _Places:
        places = self._places.get(shape)
        if places is None:
            places = self._places[shape] = tuple(
                (rule, thing, at, column)
                for rule in self.rules
                for column, metric in enumerate(shape.metrics)
                if metric.name == rule.metric
                for at, row in enumerate(shape.rows)
                if rule.covers(row, metric) and self._wanted(thing := rule.thing(row, metric))
            )
        return places

    def _take(self, reading: Reading, rule: Rule, thing: Thing, at: int, column: int) -> None:
        value, metric = reading.columns[column][at], reading.shape.metrics[column]
        if value is None:
            return
        row = self._rows.get(thing)
        if row is None:
            row = self._rows[thing] = _Row(rule, thing, reading.stamp, reading.shape.measurement)
        epoch = reading.epochs[at] if reading.epochs else 0
        now = Count(value, reading.stamp.boottime_ns, epoch)
        before = row.now if row.seen.boot_id == reading.stamp.boot_id else None
        wrap_bits = metric.wrap_bits if metric.kind is Kind.COUNTER else 64
        holds = rule.holds(now, before, wrap_bits)
        row.seen = reading.stamp
        if holds and row.since is None:
            row.since = reading.stamp
        elif holds is False and rule.condition is not Condition.CHANGED:
            row.since = None
        if not (rule.condition is Condition.CHANGED and before is not None and now.value == before.value):
            row.before = row.now
        row.now = now

    def _since(self, row: _Row, now: Stamp) -> Stamp | None:
        if row.rule.condition is not Condition.NO_DATA:
            return row.since
        return row.seen if elapsed_seconds(row.seen, now) >= row.rule.limit else None

    def _look(self, row: _Row, since: Stamp | None, *, pending: bool) -> Look:
        rule = row.rule
        if since is None:
            return Look(
                row.thing, None if pending else Badness.GOOD, severity=rule.severity, notify=rule.notify
            )
        facts = tuple(f"{name} {text}" for name, text in row.thing.details)
        sentence = f"{rule.name}: {rule.sentence(row.now, row.before)}"
        return Look(
            row.thing, Badness.DEGRADED, Fault.UNKNOWN, sentence, facts, since, rule.severity, rule.notify
        )

    def _fact(self, row: _Row, since: Stamp | None, now: Stamp) -> Iterator[Fact]:
        """Yield what a later start must know: rows that may fall silent, conditions that take their time."""
        quiet = row.rule.condition is Condition.NO_DATA
        if not quiet and row.rule.for_seconds < _WORTH_SECONDS:
            return
        lasting = since if since and elapsed_seconds(since, now) >= _WORTH_SECONDS and not quiet else None
        if lasting == row.kept and (row.known or not quiet):
            return
        row.kept, row.known = lasting, True
        values: dict[str, Json] = {
            "since": shortened(lasting),
            "details": [list(one) for one in row.thing.details],
            "measurement": row.measurement if quiet else "",
        }
        thing = row.thing
        key = (
            ("site", thing.site),
            ("level", str(thing.level)),
            ("name", thing.name),
            ("rule", thing.condition),
        )
        yield Fact(FACT, key, values, now)


def _thing_of(fact: Fact) -> Thing | None:
    key, details = dict(fact.key), fact.values.get("details")
    if not isinstance(details, list | tuple) or "rule" not in key:
        return None
    pairs = tuple((str(pair[0]), str(pair[1])) for pair in details if isinstance(pair, list | tuple))
    return Thing(key["site"], Level(key["level"]), key["name"], key["rule"], details=pairs)


def _labels(thing: Thing) -> Labels:
    """Return the labels of a thing's row."""
    own = thing.details or (("device", thing.name),)
    return (("site", thing.site), *own)
