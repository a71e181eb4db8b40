"""iperf3 as a program of its own, where it is installed and the far end offers it."""

from __future__ import annotations

import asyncio
import json
import math
import shutil
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

from netmon import sdk
from probes.bandwidth.layers import Layer, PacketShape, full_packet
from probes.bandwidth.measured import Ask, Direction, Flow, Measured, Stop
from probes.bandwidth.meter import Meter
from probes.bandwidth.place import Place

PORT = 5201
# The first second is slow start's; the rest of the time goes to the far end's answer.
_OMITTED_SECONDS, _GRACE_SECONDS = 1, 4.0
_LARGEST_OUTPUT_BYTES = 4 << 20
_CAP_REACHED = 0.9
_HEADERS_LEFT = 0.9


@dataclass(slots=True)
class Iperf3:
    """A client of one iperf3 server. A tenth of what it may cost is left for headers."""

    place: Place

    async def run(self, ask: Ask, meter: Meter) -> Measured:
        """Test one direction."""
        program = shutil.which("iperf3")
        if program is None:
            raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, "iperf3 is not installed")
        seconds = max(1, int(ask.seconds) - _OMITTED_SECONDS)
        most_bits = _HEADERS_LEFT * (meter.most_bytes - meter.spent_bytes) * 8 / (seconds + _OMITTED_SECONDS)
        began, spent_bytes = time.monotonic(), meter.spent_bytes
        try:
            said = await self._said(program, self._words(ask, seconds, most_bits), seconds)
            return self._measured(said, ask, meter, most_bits)
        except (KeyError, TypeError, ValueError, IndexError, OverflowError) as error:
            raise sdk.SourceError(sdk.Outcome.GARBLED, "iperf3's answer lacks its sums") from error
        finally:
            if meter.spent_bytes == spent_bytes:  # it said nothing of what it took
                lasted_seconds = min(time.monotonic() - began, seconds + _OMITTED_SECONDS)
                meter.spend(round(most_bits / 8 / _HEADERS_LEFT * lasted_seconds))

    def _words(self, ask: Ask, seconds: int, most_bits: float) -> list[str]:
        words = ["-c", self.place.resolved.address, "-p", str(self.place.url.port), "-J", "-i", "1"]
        words += ["-t", str(seconds), "-O", str(_OMITTED_SECONDS), "-P", str(ask.streams)]
        # A pace that the cap allows: it binds nobody on a line that is slower.
        words += ["-b", str(round(most_bits / ask.streams)), "--connect-timeout", "3000"]
        circuit = self.place.circuit
        if circuit is not None and circuit.source_address:
            words += ["-B", circuit.source_address]
        if circuit is not None and circuit.interface:
            words += ["--bind-dev", circuit.interface]
        return [*words, *(["-R"] if ask.direction is Direction.DOWN else [])]

    async def _said(self, program: str, words: list[str], seconds: float) -> Mapping[str, sdk.Json]:
        process = await asyncio.create_subprocess_exec(
            program, *words, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL
        )
        try:
            async with asyncio.timeout(seconds + _OMITTED_SECONDS + _GRACE_SECONDS):
                output, _ = await process.communicate()
        except TimeoutError as error:
            raise sdk.SourceError(sdk.Outcome.TIMEOUT, "iperf3 did not end in time") from error
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        try:
            said = json.loads(output[:_LARGEST_OUTPUT_BYTES])
        except ValueError as error:
            raise sdk.SourceError(sdk.Outcome.GARBLED, "iperf3 gave no JSON") from error
        if not isinstance(said, dict) or "error" in said:
            reason = sdk.clean(str(said.get("error"))) if isinstance(said, dict) else "no object"
            outcome = sdk.Outcome.BUSY if "busy" in reason else sdk.Outcome.REFUSED
            raise sdk.SourceError(outcome, f"iperf3 to {self.place.server}: {reason}")
        return said

    def _measured(self, said: Mapping[str, sdk.Json], ask: Ask, meter: Meter, most_bits: float) -> Measured:
        end = _table(said["end"])
        received, sent, cpu = (
            _table(end[name]) for name in ("sum_received", "sum_sent", "cpu_utilization_percent")
        )
        rate, seconds = _number(received["bits_per_second"]), _number(received["seconds"])
        packet = self._packet(said)
        payload_bytes = rate * (seconds + _OMITTED_SECONDS) / 8
        meter.spend(round(packet.convert(payload_bytes, Layer.TCP, Layer.IP)))
        retransmits = sent.get("retransmits")
        return Measured(
            bits_per_second=rate or None,
            layer=Layer.TCP,
            packet=packet,
            seconds=seconds + _OMITTED_SECONDS,
            stop=Stop.BYTES if rate > _CAP_REACHED * most_bits else Stop.TIME,
            flow=self._flow(end, ask),
            far_record={"own_core_ratio": _number(cpu["remote_total"]) / 100},
            server=self.place.server,
            local_address=self._local_address(said),
            details={
                "iperf3": sdk.clean(str(_table(said["start"]).get("version", ""))),
                "own_process_ratio": _number(cpu["host_total"]) / 100,
                "retransmitted_segments": retransmits if isinstance(retransmits, int) else None,
            },
        )

    def _flow(self, end: Mapping[str, sdk.Json], ask: Ask) -> Flow | None:
        streams = end.get("streams")
        senders = [_table(_table(one)["sender"]) for one in streams] if isinstance(streams, list) else []
        trips = [trip for one in senders if isinstance(trip := one.get("min_rtt"), int) and trip > 0]
        if not trips:
            return None
        means = [int(str(one.get("mean_rtt", 0))) for one in senders]
        return Flow(ask.streams, None, min(trips) / 1e6, max(means) / 1e6, None, None, None)

    def _packet(self, said: Mapping[str, sdk.Json]) -> PacketShape:
        mss = _table(said["start"]).get("tcp_mss_default")
        full = full_packet(self.place.resolved.version)
        return PacketShape(mss, full.header_bytes) if isinstance(mss, int) and mss else full

    def _local_address(self, said: Mapping[str, sdk.Json]) -> str:
        connected = _table(said["start"]).get("connected")
        first = _table(connected[0]) if isinstance(connected, list) and connected else {}
        return sdk.clean(str(first.get("local_host", "")))


def _number(value: sdk.Json) -> float:
    """Return a number; ValueError for what is none, or has no end."""
    found = float(str(value))
    if not math.isfinite(found):
        raise ValueError
    return found


def _table(value: sdk.Json) -> Mapping[str, sdk.Json]:
    if not isinstance(value, Mapping):
        raise TypeError
    return value
