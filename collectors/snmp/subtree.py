"""Walk whatever a device has below one name, for recordings: every type, one variable after the other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from collectors.snmp import ber
from collectors.snmp.ber import BerError, Oid
from collectors.snmp.conversation import SILENT, Answer, Conversation
from collectors.snmp.failure import garbled, refusal
from collectors.snmp.message import VERSION_1, Pdu, Status
from collectors.snmp.pace import Pace, Step
from collectors.snmp.recording import Recorded
from netmon import sdk

_TRIES: Final = 2


@dataclass(frozen=True, slots=True)
class Bounds:
    """Where a walk ends at the latest."""

    timeout_seconds: float = 600.0
    variables: int = 250_000
    octets: int = 64 << 20


@dataclass(slots=True)
class Walked:
    """What a walk found; `partial` says why it ended before the subtree did (empty: it did not)."""

    found: list[Recorded] = field(default_factory=list)
    octets: int = 0
    partial: str = ""


class SubtreeWalk:
    """One walk: requests go out one at a time, sized to the path, smaller where the device needs it."""

    def __init__(self, conversation: Conversation, root: Oid, bounds: Bounds) -> None:
        self._conversation = conversation
        self._root = root
        self._bounds = bounds
        self._pace = Pace(bulk_offered=conversation.version != VERSION_1)
        self._walked = Walked()

    async def run(self, progress: Callable[[Walked], None]) -> Walked:
        """Return all variables; SourceError when not even the first one came."""
        deadline = self._conversation.now + self._bounds.timeout_seconds
        await self._conversation.find()
        after: Oid | None = self._root
        try:
            while after is not None:
                after = self._take(await self._next(after, deadline), after)
                progress(self._walked)
        except (BerError, sdk.SourceError) as error:
            if not self._walked.found:
                raise error if isinstance(error, sdk.SourceError) else self._garbled(error) from error
            self._walked.partial = str(error)
        return self._walked

    def _garbled(self, error: BerError) -> sdk.SourceError:
        return garbled(self._conversation.name, error)

    async def _next(self, after: Oid, deadline: float) -> Answer:
        """Ask for what follows a name, for less and less until it is answered."""
        walked = self._walked
        step: Step | None = self._pace.step(1, walked.octets // max(len(walked.found), 1) or 40)
        failure = garbled(self._conversation.name, "no usable answer")
        while step is not None:
            asked = step
            try:
                answer = await self._ask(asked, after, deadline)
            except sdk.SourceError as error:
                if error.outcome not in SILENT or self._conversation.now >= deadline:
                    raise
                failure, step = error, asked.simpler()
                continue
            match answer.error_status:
                case Status.NO_ERROR | Status.NO_SUCH_NAME:
                    self._remember(asked)
                    return answer
                case Status.TOO_BIG:
                    step = asked.smaller()
                case _:
                    step = asked.simpler()
            failure = self._rejected(answer.error_status)
        raise failure

    def _remember(self, step: Step) -> None:
        if not step.bulk and self._pace.bulk_offered:
            self._pace.bulk_offered = False
        elif step.repetitions == 1 or step.repetitions < self._pace.repetitions // 2:
            self._pace.repetitions = max(step.repetitions, 1)

    def _rejected(self, status: int) -> sdk.SourceError:
        name = self._conversation.name
        detail = f"{name}: error-status {status}"
        return refusal(status, name) or sdk.SourceError(sdk.Outcome.REJECTED, detail)

    async def _ask(self, step: Step, after: Oid, deadline: float) -> Answer:
        names = [ber.encode_oid(after)]
        if step.bulk:
            request = self._conversation.request(Pdu.GETBULK, names, (0, step.repetitions))
        else:
            request = self._conversation.request(Pdu.GETNEXT, names)
        return await self._conversation.ask(request, _TRIES, deadline)

    def _take(self, answer: Answer, after: Oid) -> Oid | None:
        """Keep what a reply has of the subtree; return the last name, None at the subtree's end."""
        walked = self._walked
        walked.octets += len(answer.datagram)
        if answer.error_status == Status.NO_SUCH_NAME:
            return None  # v1 says so behind the last variable (RFC 1157 section 4.1.3)
        if not answer.varbinds:
            raise BerError("a reply without any variable")
        for encoded, tag, start, stop in answer.varbinds:
            name = ber.decode_oid(encoded)
            if tag == ber.END_OF_MIB_VIEW or name[: len(self._root)] != self._root:
                return None
            if name <= after:
                raise BerError(f"names do not increase at {ber.dotted(name)}")
            walked.found.append(Recorded(name, tag, answer.datagram[start:stop]))
            after = name
        return self._bounded(after)

    def _bounded(self, after: Oid) -> Oid:
        if len(self._walked.found) > self._bounds.variables:
            raise BerError(f"more than {self._bounds.variables} variables")
        if self._walked.octets > self._bounds.octets:
            raise BerError(f"more than {self._bounds.octets} octets")
        return after
