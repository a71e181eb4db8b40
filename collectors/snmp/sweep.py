"""Drive a walk over one device: request after request, smaller and simpler ones when it must be."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto
from typing import Final, NamedTuple

from collectors.snmp import mib
from collectors.snmp.answers import Table, Values
from collectors.snmp.ber import BerError
from collectors.snmp.conversation import SILENT, Answer, Conversation
from collectors.snmp.failure import garbled, refusal
from collectors.snmp.message import Pdu, Request, Status, Varbind
from collectors.snmp.pace import Pace, Step
from collectors.snmp.plan import Place, Plan, Taken
from collectors.snmp.story import adapted
from collectors.snmp.syntax import MibObject
from collectors.snmp.walk import Cursor, Walk
from netmon import sdk

_FIRST_TRIES: Final = 2
_NEAR_WRAP: Final = 2**32 - 60_000
"""Within ten minutes of sysUpTime's wrap a fall inside one sweep is the wrap."""


class _Verdict(Enum):
    TAKEN = auto()
    TOO_BIG = auto()
    FAILED = auto()
    SILENT = auto()


class Asked(NamedTuple):
    """A table that is wanted, with scalars beside it, until a moment (monotonic seconds)."""

    columns: Sequence[MibObject[object]]
    scalars: Sequence[MibObject[object]]
    deadline: float


class Expected(NamedTuple):
    """What a table had last time: octets of replies per varbind, and rows."""

    octets_per_varbind: int
    rows: int


class Sweep:
    """One table, from the first request to the result."""

    def __init__(
        self,
        conversation: Conversation,
        pace: Pace,
        asked: Asked,
        expected: Expected | None = None,
    ) -> None:
        """Keep the arguments; `expected` is what the table had last time."""
        self._conversation = conversation
        self._pace = pace
        self._asked = asked
        self._walk = Walk(asked.columns)
        self._expected = expected
        self._deadline = asked.deadline
        self._was_dark = conversation.dark
        self._leading: list[MibObject[object]] = [mib.SYS_UP_TIME, *asked.scalars]
        self._taken: list[Taken] = []
        self._values: dict[str, object] = {}
        self._first_uptime: int | None = None
        self._skipped: list[str] = []
        self._failure = garbled(conversation.name, "no usable answer")

    async def run(self) -> Table:
        """Return the table, partial when the device stopped half way; SourceError when nothing came.

        SourceError PARTIAL when sysUpTime fell on the way: rows before and after a restart do not mix.
        """
        partial = await self._until_the_end()
        values = Values(self._values)
        uptime = values[mib.SYS_UP_TIME]
        table = self._walk.table(values, (self._first_uptime, uptime), partial)
        refuse_restart(self._conversation.name, table)
        return table

    @property
    def found(self) -> Expected:
        """What to expect the next time."""
        return Expected(self._walk.octets_per_varbind(), self._walk.rows())

    def plan(self, table: Table) -> Plan | None:
        """Return how to read the same table again, after run() gave it; None when it must be swept."""
        if table.partial:
            return None
        try:
            return Plan(self._taken, self._asked.columns, table.index, self._walk.order())
        except ValueError:
            return None

    async def _until_the_end(self) -> str:
        try:
            while ahead := self._walk.ahead(self._pace.width):
                await self._advance(len(ahead))
        except BerError as error:
            if not self._walk.found:
                raise garbled(self._conversation.name, error) from error
            return str(error)
        except sdk.SourceError as error:
            if not self._walk.found:
                raise
            return str(error)
        if self._skipped and not self._walk.found:
            raise self._failure
        self._pace.swept()
        return f"no answer for {', '.join(self._skipped)}" if self._skipped else ""

    async def _advance(self, columns: int) -> None:
        """Ask for the next piece, in ever smaller or simpler ways, until one is answered."""
        first = step = self._step(columns)
        verdict = worst = await self._try(step, _FIRST_TRIES)
        while verdict is not _Verdict.TAKEN:
            worst = verdict
            weaker = self._weaker(step, verdict)
            if weaker is None:
                self._give_up(verdict, step)
                return
            step = weaker
            verdict = await self._try(step, 1)
        if worst is _Verdict.TOO_BIG:
            self._pace.too_big(step)
            self._conversation.tell(adapted(first, step, "tooBig"))
        elif step != first and step.width == first.width:
            self._pace.silent(first, step)
            self._conversation.tell(adapted(first, step, "no answer or an error"))

    def _step(self, columns: int) -> Step:
        """Return the next request; near the end one that asks for no more than a row behind it."""
        if self._expected is None:
            return self._pace.step(columns, self._walk.octets_per_varbind())
        step = self._pace.step(columns, self._expected.octets_per_varbind)
        left = self._expected.rows - self._walk.rows()
        return step._replace(repetitions=min(step.repetitions, left + 1)) if left >= 0 else step

    def _weaker(self, step: Step, verdict: _Verdict) -> Step | None:
        if verdict is _Verdict.TOO_BIG:
            return step.smaller()
        if verdict is _Verdict.SILENT and self._was_dark:
            return None
        simpler = step.simpler()
        if simpler is None and verdict is _Verdict.FAILED and step.width > 1:
            return step._replace(width=1)  # one bad column must not cost the others
        return simpler

    def _give_up(self, verdict: _Verdict, step: Step) -> None:
        if verdict is _Verdict.SILENT:
            raise self._failure
        for cursor in self._walk.ahead(step.width):
            cursor.done = True
            self._skipped.append(cursor.wanted.name)

    async def _try(self, step: Step, tries: int) -> _Verdict:
        cursors = self._walk.ahead(step.width)
        try:
            request = self._request(step, cursors)
            answer = await self._conversation.ask(request, tries, self._deadline)
        except sdk.SourceError as error:
            if error.outcome not in SILENT:
                raise
            self._failure = error
            return _Verdict.SILENT
        match answer.error_status:
            case Status.NO_ERROR:
                self._note(request, answer, self._take(answer, cursors))
                return _Verdict.TAKEN
            case Status.TOO_BIG:
                return _Verdict.TOO_BIG
            case Status.NO_SUCH_NAME:
                self._end(answer.error_index, cursors)
                self._note(request, answer, [None] * len(answer.varbinds))
                return _Verdict.TAKEN
        name = self._conversation.name
        self._failure = sdk.SourceError(sdk.Outcome.REJECTED, f"{name}: error-status {answer.error_status}")
        if (denied := refusal(answer.error_status, name)) is not None:
            raise denied
        return _Verdict.FAILED

    def _request(self, step: Step, cursors: Sequence[Cursor]) -> Request:
        # The successor of a scalar's name without its instance is the scalar itself.
        names = [wanted.encoded[:-1] for wanted in self._leading]
        names += [cursor.name for cursor in cursors]
        if step.bulk:
            return self._conversation.request(Pdu.GETBULK, names, (len(self._leading), step.repetitions))
        return self._conversation.request(Pdu.GETNEXT, names)

    def _note(self, request: Request, answer: Answer, places: Sequence[Place | None]) -> None:
        self._taken.append(Taken(request, answer.datagram, answer.header, answer.varbinds, places))

    def _take(self, answer: Answer, cursors: Sequence[Cursor]) -> Sequence[Place | None]:
        lead = len(self._leading)
        leading = self._lead(answer.datagram, answer.varbinds[:lead])
        return [*leading, *self._walk.take(answer.datagram, answer.varbinds[lead:], cursors)]

    def _lead(self, datagram: bytes, varbinds: Sequence[Varbind]) -> Sequence[Place | None]:
        """Take sysUpTime, and in the first reply the other scalars."""
        places: list[Place | None] = []
        for wanted, (name, tag, start, stop) in zip(self._leading, varbinds, strict=False):
            if name == wanted.encoded:
                self._values[wanted.name] = wanted.read(tag, datagram[start:stop])
            places.append((wanted, b"") if name == wanted.encoded else None)
        uptime = Values(self._values)[mib.SYS_UP_TIME]
        if self._first_uptime is None:
            self._first_uptime = uptime
        self._leading = [] if uptime is None else [mib.SYS_UP_TIME]
        return places

    def _end(self, index: int, cursors: Sequence[Cursor]) -> None:
        """Take a v1 noSuchName, which says that nothing follows the variable of that index."""
        at = index - 1 - len(self._leading)
        if at >= len(cursors) or index < 1:
            raise BerError(f"error-index {index} is outside the request")
        if at < 0:
            del self._leading[index - 1]
        else:
            cursors[at].done = True


def refuse_restart(name: str, table: Table) -> None:
    """Raise SourceError PARTIAL when sysUpTime fell on the way: two lives of a device do not mix."""
    first, last = table.uptime
    if first is not None and last is not None and last < first < _NEAR_WRAP:
        raise sdk.SourceError(sdk.Outcome.PARTIAL, f"{name} restarted while it was read")
