"""The outputs of the configuration, in the words of the sinks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from netmon.clock import Clock
from netmon.config.outputs import FileSection, InfluxSection, RemoteWriteSection
from netmon.config.schema import Configuration
from netmon.config.secret import Secret
from netmon.delivery.file import FileSink
from netmon.delivery.file_settings import FileSettings
from netmon.delivery.influx import InfluxSink
from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.remote_write import RemoteWriteSink
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.delivery.sink import Sink

SinkSettings = InfluxSettings | RemoteWriteSettings | FileSettings


def sink_settings(configuration: Configuration) -> Mapping[str, SinkSettings]:
    """Return the settings of every sink that the configuration names, by its name."""
    found: dict[str, SinkSettings] = {}
    if configuration.influxdb is not None:
        found[InfluxSink.name] = _influx(configuration.influxdb)
    if configuration.remote_write is not None:
        found[RemoteWriteSink.name] = _remote_write(configuration.remote_write, configuration.site.id)
    if configuration.file is not None:
        found[FileSink.name] = _file(configuration.file)
    return found


def sink(settings: SinkSettings, clock: Clock) -> Sink:
    """Return the sink that such settings are for."""
    if isinstance(settings, InfluxSettings):
        return InfluxSink(settings)
    if isinstance(settings, RemoteWriteSettings):
        return RemoteWriteSink(settings, clock)
    return FileSink(settings, clock)


def _influx(section: InfluxSection) -> InfluxSettings:
    return InfluxSettings(
        url=section.url,
        version=section.version,
        database=section.database,
        bucket=section.bucket,
        organization=section.organization,
        token=_text(section.token),
        username=section.username,
        password=_text(section.password),
        ca_file=str(section.ca_file or ""),
        timeout_seconds=section.timeout_seconds,
        batch_lines=section.batch_size,
        gzip=section.gzip,
    )


def _remote_write(section: RemoteWriteSection, site: str) -> RemoteWriteSettings:
    return RemoteWriteSettings(
        url=section.url,
        site=site,
        external_labels=tuple(section.external_labels.items()),
        out_of_order=section.out_of_order,
        query_url=section.query_url or "",
        token=_text(section.token),
        username=section.username,
        password=_text(section.password),
        ca_file=str(section.ca_file or ""),
        timeout_seconds=section.timeout_seconds,
        batch_lines=section.batch_size,
    )


def _file(section: FileSection) -> FileSettings:
    return FileSettings(
        folder=Path(section.folder),
        format=section.format,
        rotate_seconds=section.rotate_every_seconds,
        rotate_bytes=section.rotate_bytes,
        keep_seconds=section.keep_seconds,
        gzip=section.gzip,
    )


def _text(secret: Secret | None) -> str:
    return secret.get_secret_value() if secret else ""
