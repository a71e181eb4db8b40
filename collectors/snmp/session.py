"""What collectors use: one device's values and tables, asked politely and within a deadline."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from typing import Final

from collectors.snmp import ber
from collectors.snmp.answers import Table, Values
from collectors.snmp.ber import Oid
from collectors.snmp.conversation import Answer, Conversation, ConversationCounters
from collectors.snmp.failure import garbled, refusal
from collectors.snmp.habit import Habit, Habits
from collectors.snmp.message import VERSION_1, Pdu, Status
from collectors.snmp.pace import Pace
from collectors.snmp.renewal import Renewals
from collectors.snmp.subtree import Bounds, SubtreeWalk, Walked
from collectors.snmp.sweep import Asked, Sweep, refuse_restart
from collectors.snmp.syntax import MibObject
from netmon import sdk

_TRIES: Final = 3
_MOST_TOGETHER: Final = 24
"""Scalars in one GET."""
_BELIEVED_SECONDS: Final = 7200.0
"""How long what was seen counts against an agent that could not say: asked hourly, it may fail once."""

Objects = Sequence[MibObject[object]]


class Session:
    """One device, shared by its collectors; its requests go out one at a time."""

    def __init__(self, conversation: Conversation) -> None:
        self._conversation = conversation
        self._pace = Pace(bulk_offered=conversation.version != VERSION_1)
        self._habits = Habits()
        self._one_at_a_time = asyncio.Lock()
        self._renewals = Renewals()
        self._seen: dict[Oid, float] = {}
        """When there was something below a name (monotonic seconds)."""

    @property
    def generation(self) -> int:
        """How often the device was renewed: what was read of it before need not be true any more."""
        return self._renewals.number(self._conversation.now)

    def renewed(self) -> None:
        """Note that the device restarted, or that its ports are others than before."""
        self._renewals.note()

    @property
    def dark(self) -> bool:
        """Tell whether the device was asked a moment ago, by whichever collector, and stayed silent."""
        return self._conversation.dark

    @property
    def counters(self) -> ConversationCounters:
        """Packets and varbinds since the session was made."""
        return self._conversation.counters

    def events(self, key: sdk.Labels, stamp: sdk.Stamp) -> list[sdk.Event]:
        """Return, once, what asking has shown about the device itself, as events of its own."""
        name = self._conversation.name
        return [
            sdk.Event(news.kind, key, f"{name} {news.text}", stamp, news.data)
            for news in self._conversation.news()
        ]

    async def get(self, objects: Objects, timeout_seconds: float) -> Values:
        """Return scalars; None for each that the device does not have or gives in a wrong type.

        SourceError when the device does not answer, refuses, or answers something else than was asked.
        """
        values: dict[str, object] = {}
        async with self._one_at_a_time:
            deadline = self._conversation.now + timeout_seconds
            await self._conversation.find()
            waiting = deque(
                objects[at : at + _MOST_TOGETHER] for at in range(0, len(objects), _MOST_TOGETHER)
            )
            status = int(Status.NO_ERROR)
            while waiting:
                asked = waiting.popleft()
                request = self._conversation.request(Pdu.GET, [wanted.encoded for wanted in asked])
                answer = await self._conversation.ask(request, _TRIES, deadline)
                status = answer.error_status
                waiting.extend(self._digest(asked, answer, values))
        if not values and status not in (Status.NO_ERROR, Status.NO_SUCH_NAME):
            detail = f"{self._conversation.name}: error-status {status} for everything"
            raise sdk.SourceError(sdk.Outcome.REJECTED, detail)
        return Values(values)

    async def table(
        self, columns: Objects, timeout_seconds: float, scalars: Objects = (), *, often: bool = True
    ) -> Table:
        """Return columns of one table, or of tables with the same index, with scalars read beside them.

        Sparse columns are aligned by row. What came before a failure is a partial table; SourceError when
        nothing came, or when the device restarted on the way. Of a table that is not read `often` nothing
        is remembered.
        """
        async with self._one_at_a_time:
            deadline = self._conversation.now + timeout_seconds
            await self._conversation.find()
            asked = Asked(tuple(columns), tuple(scalars), deadline)
            if not often:
                return await Sweep(self._conversation, self._pace, asked).run()
            habit = self._habits.of(asked)
            return await self._by_plan(habit, deadline) or await self._by_sweep(habit, asked)

    async def _by_plan(self, habit: Habit, deadline: float) -> Table | None:
        plan = habit.plan
        if plan is None or habit.step != habit.next_step(self._pace):  # it may bear more by now
            return None
        habit.plan = None  # until it has proven itself once more
        table = await self._conversation.follow(plan, deadline)
        if table is None:
            habit.surprised()
            return None
        habit.plan = plan
        habit.served()
        self._pace.swept()
        refuse_restart(self._conversation.name, table)
        return table

    async def _by_sweep(self, habit: Habit, asked: Asked) -> Table:
        sweep = Sweep(self._conversation, self._pace, asked, habit.expected)
        table = await sweep.run()
        if habit.learns():
            habit.plan = sweep.plan(table)
        habit.expected = None if table.partial else sweep.found
        habit.step = habit.next_step(self._pace)
        return table

    async def present(self, roots: Sequence[Oid], timeout_seconds: float) -> frozenset[Oid]:
        """Return those of the names below which the device has anything: a few requests for all of them.

        Where the agent fails at a name (genErr), what was there two hours ago or less is taken to be there.
        """
        found: set[Oid] = set()
        doubtful: set[Oid] = set()
        async with self._one_at_a_time:
            deadline = self._conversation.now + timeout_seconds
            await self._conversation.find()
            waiting = deque(roots[at : at + _MOST_TOGETHER] for at in range(0, len(roots), _MOST_TOGETHER))
            while waiting:
                asked = waiting.popleft()
                request = self._conversation.request(Pdu.GETNEXT, [ber.encode_oid(root) for root in asked])
                answer = await self._conversation.ask(request, _TRIES, deadline)
                if answer.error_status == Status.NO_ERROR:
                    found |= _below(asked, answer)
                elif (denied := refusal(answer.error_status, self._conversation.name)) is not None:
                    raise denied
                elif len(asked) > 1:
                    # v1 refuses the whole request for one name with nothing behind it (RFC 1157)
                    waiting += [asked[: len(asked) // 2], asked[len(asked) // 2 :]]
                elif answer.error_status != Status.NO_SUCH_NAME:
                    doubtful.update(asked)
        return frozenset(found | self._believed(found, doubtful))

    def _believed(self, found: set[Oid], doubtful: set[Oid]) -> set[Oid]:
        """Take note of what was found; return those in doubt that were found not long ago."""
        now = self._conversation.now
        self._seen |= dict.fromkeys(found, now)
        return {one for one in doubtful if now - self._seen.get(one, float("-inf")) <= _BELIEVED_SECONDS}

    async def everything(self, root: Oid, bounds: Bounds, progress: Callable[[Walked], None]) -> Walked:
        """Return every variable below a name, whatever it is; SourceError when nothing came."""
        async with self._one_at_a_time:
            return await SubtreeWalk(self._conversation, root, bounds).run(progress)

    def _digest(self, asked: Objects, answer: Answer, values: dict[str, object]) -> list[Objects]:
        """Take the values of a reply; return what must be asked again, in smaller or other pieces."""
        name = self._conversation.name
        if answer.error_status == Status.NO_ERROR:
            if [varbind.name for varbind in answer.varbinds] != [wanted.encoded for wanted in asked]:
                raise garbled(name, "other variables than those asked for")
            _collect(asked, answer, values)
            return []
        if (denied := refusal(answer.error_status, name)) is not None:
            raise denied
        if len(asked) == 1:
            return []
        if answer.error_status != Status.TOO_BIG and 1 <= answer.error_index <= len(asked):
            # v1 refuses the whole request for one unknown name (RFC 1157 section 4.1.2)
            return [[*asked[: answer.error_index - 1], *asked[answer.error_index :]]]
        middle = len(asked) // 2
        return [asked[:middle], asked[middle:]]


def _below(asked: Sequence[Oid], answer: Answer) -> set[Oid]:
    """Return those of the names that an answer to GETNEXT has something below."""
    found = set()
    for root, (encoded, tag, _, _) in zip(asked, answer.varbinds, strict=False):
        if tag < ber.NO_SUCH_OBJECT and ber.decode_oid(encoded)[: len(root)] == root:
            found.add(root)
    return found


def _collect(asked: Objects, answer: Answer, values: dict[str, object]) -> None:
    for wanted, (_, tag, start, stop) in zip(asked, answer.varbinds, strict=True):
        values[wanted.name] = wanted.read(tag, answer.datagram[start:stop])
