"""Three receivers that fail half of the time, a process that is killed as it tells them: who heard what?"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections import Counter
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from aiohttp import web
from fakes.mail_server import MailServer, mail_server
from fakes.notify_server import BROKEN, RATE_LIMIT, NotifyServer, notify_server, serving

from netmon.incidents.notice import notice_of
from netmon.model import Event
from netmon.store.reader import open_reader

CHILD = Path(__file__).with_name("notice_child.py")


class Unkind:
    """What happens to the next request: half of the time nothing bad."""

    def __init__(self, seed: str) -> None:
        self._random = Random(seed)

    def __call__(self) -> str:
        faults = ("429", "500", "hang", "slow", "reset", "cut")
        return self._random.choice(faults) if self._random.random() < 0.5 else ""


@dataclass
class Desk:
    """Takes webhooks. What is cut off was taken all the same."""

    fault: Unkind
    taken: list[str] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.StreamResponse:
        fault, body = self.fault(), await request.json()
        if fault in ("429", "500"):
            return web.json_response({}, status=int(fault), headers={"Retry-After": "0"})
        if fault == "reset":
            return _dropped(request)
        if fault == "hang":
            await asyncio.sleep(3600)
        if fault == "slow":
            await asyncio.sleep(0.3)
        self.taken.append(body["id"])
        return _dropped(request) if fault == "cut" else web.json_response({})


def _dropped(request: web.Request) -> web.Response:
    if request.transport is not None:
        request.transport.abort()
    return web.Response()


class _Replies:
    """The faults of the other two, as their fakes take them."""

    def __init__(self, fault: Unkind, words: dict[str, object]) -> None:
        self._fault, self._words, self._next = fault, words, None

    def __bool__(self) -> bool:
        self._next = self._words.get(self._fault())
        return self._next is not None

    def popleft(self) -> object:
        return self._next


@dataclass(frozen=True)
class Count:
    """What became of the messages of one channel; what is repeated carries the same id."""

    messages: int
    lost: int
    repeated: int
    strange: int


@dataclass
class Storm:
    """Kills; `seconds` is how long a process lives at most."""

    folder: Path
    kills: int
    seconds: float = 0.8
    random: Random = field(default_factory=lambda: Random(1))

    async def rage(self) -> dict[str, Count]:
        """Kill, let it end in peace, count."""
        async with AsyncExitStack() as stack:
            desk = Desk(Unkind("desk"))
            app = web.Application()
            app.router.add_post("/", desk.take)
            url = await stack.enter_async_context(serving(app))
            notify = await stack.enter_async_context(notify_server())
            notify.replies = _Replies(
                Unkind("notify"), {"429": RATE_LIMIT, "500": BROKEN, "hang": "hang", "cut": "cut"}
            )
            mail = stack.enter_context(mail_server())
            mail.data = _Replies(Unkind("mail"), {"429": "451 later", "500": "421 closing"})
            places = {"webhook": f"{url}/", "govuk": notify.url, "mail": mail.port}
            for number in range(self.kills):
                await self._one_life(f"life{number}", places, self.random.uniform(0.0, self.seconds))
            await self._one_life("drain", places, None)
            return self._count(desk, notify, mail)

    async def _one_life(self, name: str, places: dict, seconds: float | None) -> None:
        environ = {**os.environ, "PYTHONPATH": str(CHILD.parents[1])}
        child = await asyncio.create_subprocess_exec(
            *(sys.executable, str(CHILD), str(self.folder), name, json.dumps(places)),
            env=environ,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(600):
                assert child.stdout is not None
                assert await child.stdout.readline(), f"{name} did not start"
                if seconds is None:
                    assert await child.wait() == 0
                    return
            await asyncio.sleep(seconds)
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()

    def _count(self, desk: Desk, notify: NotifyServer, mail: MailServer) -> dict[str, Count]:
        truth = told_of(self.folder)
        heard = {
            "webhook": Counter(desk.taken),
            "govuk_notify": Counter(
                one.removeprefix("netmon-").removesuffix("-sms0") for one in notify.references()
            ),
            "email": Counter(_id_of(letter["Message-ID"]) for _, letter in mail.letters),
        }
        return {
            name: Count(
                len(truth), len(truth - set(ids)), sum(n - 1 for n in ids.values()), len(set(ids) - truth)
            )
            for name, ids in heard.items()
        }


def _id_of(identity: str) -> str:
    incident, step, *_ = identity.strip("<>").split(".")
    return f"{incident}/{step}"


def _id_of_reference(reference: str) -> str:
    return reference.removeprefix("netmon-").removesuffix("-sms0")


def told_of(folder: Path) -> set[str]:
    """The ids of all notices in the history."""
    reader, found, position = open_reader(folder), set(), 0
    try:
        while entries := reader.after(position, 1000):
            position = entries[-1].position
            notices = [notice_of(one.record) for one in entries if isinstance(one.record, Event)]
            found |= {notice.id for notice in notices if notice is not None}
        return found
    finally:
        reader.close()
