"""Where a report's measurements come from: one option names it, the environment has its account."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace, _ActionsContainer
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from netmon.delivery.influx_settings import InfluxSettings
from netmon.delivery.remote_write_settings import RemoteWriteSettings
from netmon.errors import UsageError
from netmon.evidence.sources.source import Source
from netmon.evidence.sources.store import FleetSource
from netmon.evidence.sources.whole_site import OwnSource
from netmon.incidents.record import KIND, RECORD
from netmon.model import Event
from netmon.store.folder import state_directory
from netmon.store.history_file import FILE_NAME
from netmon.store.reader import open_reader

_INFLUXDB, _PROMETHEUS = "NETMON_INFLUXDB", "NETMON_PROMETHEUS"


@dataclass(frozen=True, slots=True)
class Opening:
    """How to open the source (in any process), what it is in words, and the state folders that it reads."""

    make: Callable[[], Source]
    origin: str
    folders: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class _Account:
    token: str = field(repr=False)
    name: str
    password: str = field(repr=False)


def add_source(parser: ArgumentParser) -> None:
    """Declare the sources, of which one is given at most."""
    one = parser.add_mutually_exclusive_group()
    one.add_argument("--state", metavar="DIR", type=Path, help="state folder (default: the daemon's)")
    one.add_argument("--sites", metavar="DIR", type=Path, help="folder with a state folder for each site")
    add_influxdb(parser, one)
    one.add_argument(
        "--prometheus",
        metavar="URL",
        type=_address,
        help=f"central Prometheus or VictoriaMetrics; ${_PROMETHEUS}_TOKEN or _USERNAME and _PASSWORD",
    )
    one.add_argument("--exports", metavar="DIR", type=Path, help="folder with files of `netmon export`")


def opening(options: Namespace, environ: Mapping[str, str]) -> Opening:
    """Return how to open what the options name; a central database's client is imported only then."""
    if options.influxdb:
        return _influxdb(influx_settings(options, environ))
    if options.prometheus:
        return _prometheus(options, _account(environ, _PROMETHEUS))
    if options.exports:
        from netmon.evidence.sources.exports import ExportsSource  # noqa: PLC0415 - most reports need none

        return Opening(partial(ExportsSource, options.exports), "exports of sites")
    if options.sites:
        folders = tuple(sorted(path.parent for path in options.sites.glob(f"*/{FILE_NAME}")))
        return Opening(partial(FleetSource, options.sites), "the histories of the sites", folders)
    folder = options.state or state_directory(environ)
    return Opening(partial(OwnSource, folder), "the history of the appliance", (folder,))


def influx_settings(options: Namespace, environ: Mapping[str, str]) -> InfluxSettings:
    """Return how to reach the central InfluxDB that the options name."""
    account = _account(environ, _INFLUXDB)
    return InfluxSettings(
        options.influxdb,
        database=options.database,
        token=account.token,
        username=account.name,
        password=account.password,
    )


def add_influxdb(parser: ArgumentParser, group: _ActionsContainer) -> None:
    """Declare the central InfluxDB, in a group of sources of which one is given."""
    account = f"${_INFLUXDB}_TOKEN or _USERNAME and _PASSWORD"
    group.add_argument("--influxdb", metavar="URL", type=_address, help=f"central InfluxDB; {account}")
    parser.add_argument("--database", metavar="D", default="netmon", help="of InfluxDB (default: netmon)")


def _influxdb(settings: InfluxSettings) -> Opening:
    from netmon.evidence.sources.influx import InfluxSource  # noqa: PLC0415 - most reports need none

    origin = f"InfluxDB {_plain(settings.url)}, database {settings.database}"
    return Opening(partial(InfluxSource, settings), origin)


def _prometheus(options: Namespace, account: _Account) -> Opening:
    from netmon.evidence.sources.prometheus import PrometheusSource  # noqa: PLC0415 - most reports need none

    settings = RemoteWriteSettings(
        "",
        query_url=options.prometheus,
        token=account.token,
        username=account.name,
        password=account.password,
    )
    return Opening(partial(PrometheusSource, settings), f"metrics of {_plain(options.prometheus)}")


def spoken(found: Opening, start_ms: int, end_ms: int) -> Iterator[Event]:
    """Yield what people wrote at the sites: incidents with their tickets and exclusions."""
    if not found.folders:
        with closing(found.make()) as source:
            yield from source.written(start_ms, end_ms)
    for folder in found.folders:
        with closing(open_reader(folder)) as reader:
            for kind in (KIND, RECORD):
                yield from reader.events(start_ms, end_ms, kind)


def _account(environ: Mapping[str, str], prefix: str) -> _Account:
    return _Account(*(environ.get(f"{prefix}_{name}", "") for name in ("TOKEN", "USERNAME", "PASSWORD")))


def _address(text: str) -> str:
    """Return the address of a server; UsageError in words, without an account that may be in it."""
    try:
        parts = urlsplit(text)
        right = parts.scheme in {"http", "https"} and bool(parts.hostname)
    except ValueError:
        right = False
    if not right:
        told = text.rpartition("@")[2]
        raise UsageError(f"{told!r} is not the address of a server: write it with http:// or https://")
    return text


def _plain(url: str) -> str:
    """Return an address without an account in it."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))
