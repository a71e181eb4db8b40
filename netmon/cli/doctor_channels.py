"""Can everybody be told: are the channels there, and what they need."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

from netmon.app.channel_settings import channel
from netmon.cli.doctor_finding import Finding, fail, ok
from netmon.clock import SystemClock
from netmon.config.extras import extras
from netmon.config.schema import Configuration
from netmon.errors import DeliveryError, Parked
from netmon.notices.channel import Channel

_MEND = "mend what it names: the key, the password, the certificate or the address"
_REACH = "is the address right, the server up, the way open?"


def missing(configuration: Configuration) -> Iterator[Finding]:
    """Yield what channels and calendars need and this installation has not."""
    for extra in extras(configuration):
        if not extra.installed:
            yield fail(extra.wanted_by, f"needs {extra.package}, which is not installed", extra.remedy)


async def channels(configuration: Configuration) -> list[Finding]:
    """Look at every channel that can run; no message is sent."""
    cannot = {extra.wanted_by for extra in extras(configuration) if not extra.installed}
    clock = SystemClock()
    made = [channel(name, section, clock) for name, section in configuration.notify.items()]
    able = [one for one in made if _subject(one) not in cannot]
    try:
        return list(await asyncio.gather(*(_look(one) for one in able)))
    finally:
        for one in made:
            await one.close()


async def _look(one: Channel) -> Finding:
    try:
        return ok(_subject(one), await one.reach())
    except Parked as error:
        return fail(_subject(one), str(error), _MEND)
    except DeliveryError as error:
        return fail(_subject(one), str(error), _REACH)


def _subject(one: Channel) -> str:
    return f"notify.{one.name}"
