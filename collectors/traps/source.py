"""Notifications that devices send unasked, as events; what they claim is confirmed by a poll at once."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from contextlib import ExitStack
from ipaddress import ip_address
from pathlib import Path
from typing import ClassVar, Final

from collectors.snmp import usm_protocols
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.usm_keyring import KeyRing
from collectors.traps import own_engine, socket_door
from collectors.traps.counts import TRAPS, TRAPS_METRICS, Counts
from collectors.traps.gate import Gate, Rates
from collectors.traps.hearing import Hearing
from collectors.traps.names import Names, load_names
from collectors.traps.own_engine import OwnEngine
from collectors.traps.polls import ConfirmingPolls
from collectors.traps.receiver import Receiver
from collectors.traps.usm import UsmReceiver
from netmon import sdk

_RESOLVE_SECONDS: Final = 60.0


class TrapsSettings(sdk.Settings):
    """How much is listened to, and further addresses of devices.

    Notifications per second: of one device (100 at once), and of all together (1,000 at once). `aliases`
    are device names by address, for devices that send from another address than the one they are asked at.
    """

    per_second: float = 1.0
    all_per_second: float = 20.0
    aliases: dict[str, str] | None = None


class TrapsSource(sdk.Source[TrapsSettings]):
    """Listens at its target for SNMP notifications of versions 1, 2c and 3 (RFC 1157, 3416, 3414)."""

    metrics: ClassVar[dict[str, tuple[sdk.Metric, ...]]] = {TRAPS: TRAPS_METRICS}
    settings_type = TrapsSettings

    def __init__(self, assignment: sdk.Assignment, settings: TrapsSettings) -> None:
        super().__init__(assignment, settings)
        if assignment.device is not None:
            words = "a device does not collect traps, it sends them"
            raise sdk.UsageError(f"{words}: remove them from collect, and listen by [traps]")
        if not assignment.credentials:
            raise sdk.UsageError("traps are listened to by [traps], not by a [[probe]]")
        (self._target,) = assignment.targets
        socket_door.place(self._target)
        _check_settings(settings, {device.name for device in assignment.devices})
        _check_credentials(assignment.credentials)
        self._counts = Counts()
        self._gate = Gate(Rates(settings.per_second, all_per_second=settings.all_per_second))
        self._receiver: Receiver | None = None
        self._resolving: asyncio.Task[dict[str, str]] | None = None
        self._resolve_at = 0.0
        self._epoch = 0
        self._shape: sdk.Shape | None = None
        self._keys: KeyRing | None = None
        self._usm: UsmReceiver | None = None

    async def open(self, context: sdk.Context) -> None:
        """Listen, then make the users' keys; SourceError when the address cannot be had.

        In that order: it is tried again for as long as somebody else has the port, and a start of our own
        engine is counted only when there is one.
        """
        await super().open(context)
        with ExitStack() as undo:
            sock = undo.enter_context(socket_door.listen(self._target, os.environ))
            receiver = await self._made(context)
            undo.pop_all()
        self._receiver = receiver
        # The job of this source has its name: what comes is published at once, not at the next tick.
        receiver.open(sock, lambda: context.run_now(self.assignment.name))

    async def _made(self, context: sdk.Context) -> Receiver:
        self._keys = await context.shared.get(KeyRing)
        users = [one for one in self.assignment.credentials if one.version is sdk.SnmpVersion.V3]
        for user in users:
            await self._keys.stretch(user)
        now = context.clock.monotonic()
        own, names = await asyncio.to_thread(_from_disk, context.state_folder, now)
        self._usm = UsmReceiver(users, self._keys, own)
        hearing = Hearing(context.site, _communities(self.assignment.credentials), self._usm, names)
        engine = await context.shared.get(SnmpEngine)
        polls = ConfirmingPolls(context.run_now, engine.renewed, self._counts)
        self._gate.know(await self._addresses())
        self._resolve_at = now + _RESOLVE_SECONDS
        self._epoch = context.clock.stamp().wall_ms
        # The labels of this source's own runs, so that its series end with it.
        name = self.assignment.name
        row = sdk.Row((("site", context.site), ("source", TRAPS), ("name", name), ("target", self._target)))
        self._shape = sdk.Shape(TRAPS, TRAPS_METRICS, (row,))
        return Receiver(self._gate, hearing, polls, context.clock, self._counts)

    async def read(self) -> Sequence[sdk.Record]:
        """Return what came since the last time, and what was counted."""
        receiver = self._receiver
        if receiver is None or self._shape is None:
            raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, "traps were not opened")
        for wanted in receiver.postponed():
            await self._make_keys(wanted.credential, wanted.engine_id)
        receiver.resume()
        self._follow_names()
        stamp, events = self.context.clock.stamp(), receiver.take()
        reading = sdk.Reading(self._shape, stamp, self._counts.columns(), (sdk.Outcome.OK,), (self._epoch,))
        return [*events, reading]

    async def close(self) -> None:
        """Stop listening."""
        if self._resolving is not None:
            self._resolving.cancel()
            self._resolving = None
        if self._receiver is not None:
            self._receiver.close()
            self._receiver = None

    async def _make_keys(self, credential: sdk.Credential, engine_id: bytes) -> None:
        if self._keys is not None and self._usm is not None:
            lock = await self._keys.lock(credential, engine_id)
            key = engine_id, credential.user.encode()
            self._usm.remember(key, lock, self.context.clock.monotonic())

    def _follow_names(self) -> None:
        """Look names up anew each minute, beside everything else: a slow resolver delays no event."""
        if self._resolving is not None and self._resolving.done():
            self._gate.know(self._resolving.result())
            self._resolving = None
        now = self.context.clock.monotonic()
        if self._resolving is None and now >= self._resolve_at:
            self._resolve_at = now + _RESOLVE_SECONDS
            self._resolving = asyncio.create_task(self._addresses(), name="addresses of devices")

    async def _addresses(self) -> dict[str, str]:
        """Return devices by address; one whose name has none is a stranger until it has."""
        devices = self.assignment.devices
        found = await asyncio.gather(*(self._addresses_of(device.address) for device in devices))
        known = {_canonical(address): name for address, name in (self.settings.aliases or {}).items()}
        for device, addresses in zip(devices, found, strict=True):
            for address in addresses:
                known.setdefault(_canonical(address), device.name)
        return known

    async def _addresses_of(self, host: str) -> tuple[str, ...]:
        try:
            return await self.context.resolver.addresses(host)
        except sdk.SourceError:
            return ()


def _from_disk(folder: Path | None, now: float) -> tuple[OwnEngine, Names]:
    return own_engine.begin(folder, now), load_names()


def _canonical(address: str) -> str:
    return str(ip_address(address)).removeprefix("::ffff:")


def _communities(credentials: Sequence[sdk.Credential]) -> frozenset[bytes]:
    texts = (one.community.get_secret_value().encode() for one in credentials)
    return frozenset(text for text in texts if text)


def _check_settings(settings: TrapsSettings, devices: set[str]) -> None:
    for key, rate in (("per_second", settings.per_second), ("all_per_second", settings.all_per_second)):
        if not 0.1 <= rate <= 1000:
            raise sdk.UsageError(f"{key} must be 0.1 to 1000")
    for address, name in (settings.aliases or {}).items():
        try:
            ip_address(address)
        except ValueError:
            raise sdk.UsageError(f"aliases: {address!r} is not an address") from None
        if name not in devices:
            raise sdk.UsageError(f"aliases: no device is called {name!r}")


def _check_credentials(credentials: Sequence[sdk.Credential]) -> None:
    users: dict[str, str] = {}
    for one in credentials:
        usm_protocols.check(one)
        if one.version is sdk.SnmpVersion.V3 and (other := users.setdefault(one.user, one.name)) != one.name:
            raise sdk.UsageError(f"credentials {other} and {one.name} have the same user")
