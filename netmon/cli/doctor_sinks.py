"""Are the receivers of the history reached, and do they take data."""

from __future__ import annotations

import asyncio
import os

from netmon.app.sink_settings import SinkSettings, sink_settings
from netmon.cli.doctor_finding import Finding, fail, ok
from netmon.cli.doctor_host import existing
from netmon.config.schema import Configuration
from netmon.delivery.file_settings import FileSettings
from netmon.delivery.influx_session import InfluxSession
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.remote_write_session import RemoteWriteSession
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.delivery.snappy import compress
from netmon.errors import DeliveryError

_REMEDY = "is the address right, the server up, the way open?"


async def sinks(configuration: Configuration) -> list[Finding]:
    """Ask every receiver of the history who it is, or whether it would take something."""
    settings = sink_settings(configuration)
    return list(await asyncio.gather(*(_sink(f"sink {name}", one) for name, one in settings.items())))


async def _sink(subject: str, settings: SinkSettings) -> Finding:
    if isinstance(settings, FileSettings):
        return _folder(subject, settings)
    try:
        if isinstance(settings, InfluxSettings):
            return ok(subject, await _influx(settings))
        return ok(subject, await _remote_write(settings))
    except DeliveryError as error:
        return fail(subject, f"{settings.url}: {error}", _REMEDY)


async def _influx(settings: InfluxSettings) -> str:
    async with InfluxSession(settings) as session:
        version = await session.version()
    return f"{settings.url} is InfluxDB {version}; netmon influx status tells about writing"


async def _remote_write(settings: RemoteWriteSettings) -> str:
    """Write nothing: a request without series tells address, account and receiver apart."""
    async with RemoteWriteSession(settings) as session:
        await session.write(compress(b""))
    return f"{settings.url} takes remote-write"


def _folder(subject: str, settings: FileSettings) -> Finding:
    nearest = existing(settings.folder)
    if nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK):
        return ok(
            subject, f"{settings.folder} {'can be written' if nearest == settings.folder else 'will be made'}"
        )
    remedy = "give it to the user netmon, and to its unit: ReadWritePaths= in a drop-in"
    return fail(subject, f"{settings.folder} cannot be written by this user", remedy)
