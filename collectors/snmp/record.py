"""`netmon record HOST`: a device as a file that can be shown to others, and replayed."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from collectors.snmp import ber, recording
from collectors.snmp.ber import BerError, Oid
from collectors.snmp.command import credential, host_and_port
from collectors.snmp.engine import SnmpEngine
from collectors.snmp.recording import Recorded
from collectors.snmp.redaction import Redaction
from collectors.snmp.subtree import Bounds, Walked
from netmon import sdk

_ROOTS: Final = ("1.3", "1.0.8802", "1.2.840")
"""Where devices have objects: the internet's, LLDP, IEEE 802. Some agents refuse to be walked from nought."""


class RecordCommand(sdk.Command):
    """Walk one device and write what it says, without secrets."""

    summary = "a walk to .snmprec, secrets and addresses masked"

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare arguments."""
        parser.add_argument("host", metavar="HOST[:PORT]", help="name or address; [address]:port for IPv6")
        who = parser.add_mutually_exclusive_group()
        who.add_argument("--community", help="SNMP v2c community (default: public)")
        who.add_argument("--credential", metavar="NAME", help="a credential of the configuration")
        parser.add_argument("--v1", action="store_true", help="speak SNMP v1 to an old device")
        parser.add_argument("--out", type=Path, metavar="FILE", help="where to write (default: HOST.snmprec)")
        parser.add_argument("--root", metavar="OID", help="only what lies below (default: everything)")
        parser.add_argument("--timeout", default="10m", help="for the whole walk (default: %(default)s)")
        parser.add_argument(
            "--keep-names", action="store_true", help="keep sysName, sysContact, sysLocation and ifAlias"
        )
        parser.add_argument("--trace", action="store_true", help="tell of every packet")

    def run(self, options: Namespace) -> int:
        """Record; return 1 when the device stopped half way (what came is written)."""
        host, port = host_and_port(options.host)
        device = sdk.Device(host, host, port, credential(options))
        roots = [_oid(options.root)] if options.root else [ber.oid(root) for root in _ROOTS]
        try:
            bounds = Bounds(timeout_seconds=sdk.duration_seconds(options.timeout))
        except ValueError as error:
            raise sdk.UsageError(f"--timeout: {error}") from error
        out = options.out or Path(f"{host.replace(':', '_')}.snmprec")
        walked = asyncio.run(_walk(device, roots, bounds, options))
        redaction = Redaction(_secrets(device.credential), keep_names=options.keep_names)
        shown = redaction.redacted(list(_sound(walked.found)))
        _write(out, _lines(shown, walked.partial))
        sys.stderr.write(f"{_summary(walked, shown, out)}\n")
        return 1 if walked.partial else 0


def _secrets(known: sdk.Credential) -> list[bytes]:
    hidden = (known.community, known.auth_secret, known.privacy_secret)
    return [known.user.encode(), *(secret.get_secret_value().encode() for secret in hidden)]


def _oid(text: str) -> Oid:
    try:
        name = ber.oid(text)
        ber.encode_oid(name)
    except (ValueError, BerError) as error:
        raise sdk.UsageError(f"--root: {text!r} is not an object identifier") from error
    return name


async def _walk(device: sdk.Device, roots: Iterable[Oid], bounds: Bounds, options: Namespace) -> Walked:
    whole = Walked()
    async with options.standalone(_say if options.trace else sdk.no_trace) as context:
        session = (await context.shared.get(SnmpEngine)).session(device, context)
        for root in roots:
            try:
                walked = await session.everything(root, bounds, _progress(len(whole.found)))
            except sdk.SourceError:
                if not whole.found:
                    raise
                continue  # a device need not have more than one of the roots
            whole.found += walked.found
            whole.partial = whole.partial or walked.partial
    return whole


def _progress(before: int) -> Callable[[Walked], None]:
    """Return what shows, on a terminal only, how far the walk is."""
    if not sys.stderr.isatty():
        return lambda _walked: None

    def show(walked: Walked) -> None:
        last = ber.dotted(walked.found[-1].name) if walked.found else ""
        sys.stderr.write(f"\r\x1b[K{before + len(walked.found)} variables {last[:60]}")
        sys.stderr.flush()

    return show


def _sound(found: Iterable[Recorded]) -> Iterator[Recorded]:
    """Yield the variables whose values are what their types say; no agent could replay the others."""
    for recorded in found:
        try:
            recording.line(recorded)
        except BerError:
            continue
        yield recorded


def _lines(shown: Iterable[Recorded], partial: str) -> Iterator[str]:
    yield f"# recorded by netmon on {datetime.now(UTC):%Y-%m-%d}; secrets left out, addresses masked"
    if partial:
        yield "# not whole: the device stopped half way"
    yield from map(recording.line, shown)


def _write(out: Path, lines: Iterable[str]) -> None:
    try:
        out.write_text("".join(f"{line}\n" for line in lines), encoding="ascii")
    except OSError as error:
        raise sdk.UsageError(f"{out}: {error.strerror}") from error


def _summary(walked: Walked, shown: list[Recorded], out: Path) -> str:
    left_out = len(walked.found) - len(shown)
    end = f"; NOT WHOLE: {walked.partial}" if walked.partial else ""
    start = "\r\x1b[K" if sys.stderr.isatty() else ""
    return f"{start}{out}: {len(shown)} variables, {left_out} left out{end}"


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
