"""A poll by plan: each reply sends the next request, from the callback that took it; one future ends it."""

from __future__ import annotations

import asyncio
from itertools import islice

from collectors.snmp.exchange import Exchange, Line
from collectors.snmp.peer import Patience
from collectors.snmp.plan import Plan
from collectors.snmp.transport import Transport
from netmon import sdk


class PlanRun(Exchange):
    """All requests of a plan, one after the other."""

    __slots__ = (
        "_at",
        "_learned",
        "_plan",
        "_transport",
        "done",
        "leading",
        "numbers",
        "resent",
        "sent",
        "varbinds",
    )

    def __init__(self, line: Line, plan: Plan, patience: Patience, transport: Transport) -> None:
        super().__init__(line, plan.steps[0].request, patience)
        self.done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        """True: all numbers are there. False: the device answered something that the plan does not know."""
        self.numbers: list[int] = []
        self.leading: list[int] = []
        self.varbinds = 0
        self.sent = self.resent = 0
        """Packets, and second tries among them; without those of the request under way."""
        self._plan = plan
        self._transport = transport
        self._at = 0
        self._learned = False

    @property
    def begun(self) -> bool:
        """Tell whether anything was answered."""
        return self._at > 0

    def take(self, body: bytes) -> bool:
        """Lift the numbers, and ask for the next ones."""
        step = self._plan.steps[self._at]
        numbers = step.template.lift(body, self.request_id)
        if numbers is None:
            header = self.own_header(body)
            if header is None:
                return False
            if not step.relearn(body, header):
                self._end(known=False)
                return True
            self._learned = True
            numbers = step.template.lift(body, self.request_id) or ()
        lifted = iter(numbers)
        self.leading.extend(islice(lifted, step.leading))
        self.numbers.extend(lifted)
        self.varbinds += len(step.wanted)
        self.sent += self.tries
        self.resent += self.tries - 1
        if not self._at:
            self.measure()
        self._at += 1
        if self._at < len(self._plan.steps):
            self.request = self._plan.steps[self._at].request
            self._transport.start(self)
        else:
            self.tries = 0
            self._end(known=True)
        return True

    def fail(self, error: sdk.SourceError) -> None:
        """Hand over the error."""
        if not self.done.done():
            self.done.set_exception(error)

    def _end(self, *, known: bool) -> None:
        if self._learned:
            self._plan.rearrange()
        if not self.done.done():
            self.done.set_result(known)
