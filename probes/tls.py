"""Shake hands by TLS: how long it takes, what is agreed on, and when the certificates end."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path

from netmon import sdk
from probes.address_figures import ADDRESS_METRICS, address_values
from probes.families import FamilyProbe, FamilySettings
from probes.stream import connect
from probes.target import Resolved, parse_endpoint, resolve
from probes.tcp import handshake_seconds
from probes.tls_figures import (
    AGREED_METRICS,
    CERTIFICATE_METRICS,
    FURTHER_METRICS,
    CertificateBook,
    agreed_texts,
    certificate_values,
)
from probes.tls_stream import Trust, start_tls


def _phase(phase: str, what: str) -> sdk.Metric:
    return sdk.gauge("netmon_probe_tls_duration_seconds", f"Time by phase: {what}.", phase=phase)


RESOLVE = _phase("resolve", "finding the address")
CONNECT = _phase("connect", "the TCP handshake as the kernel timed it")
HANDSHAKE = _phase("handshake", "the TLS handshake")

_PORT = 443


class TlsSettings(FamilySettings):
    """`server_name` is whose certificate is expected, by default the target's host."""

    server_name: str = ""
    verify: bool = True
    ca_file: str = ""


class TlsProbe(FamilyProbe[TlsSettings]):
    """Connect, shake hands, read the certificates, close."""

    measurement = "tls"
    own_metrics = (
        RESOLVE, CONNECT, HANDSHAKE, *AGREED_METRICS, *CERTIFICATE_METRICS, *ADDRESS_METRICS,
    )  # fmt: skip
    further_metrics = FURTHER_METRICS
    settings_type = TlsSettings
    binds = True

    def __init__(self, assignment: sdk.Assignment, settings: TlsSettings) -> None:
        super().__init__(assignment, settings)
        self._endpoints = {target: parse_endpoint(target, _PORT) for target in assignment.targets}
        self._certificates = CertificateBook(self._key)
        if settings.ca_file and not Path(settings.ca_file).is_file():
            raise sdk.UsageError(f"ca_file {settings.ca_file!r} is not a file")

    async def open(self, context: sdk.Context) -> None:
        """Load the authorities to trust."""
        await super().open(context)
        self._trust = Trust(self.settings.verify, self.settings.ca_file)
        self._strict, self._lax = self._trust.context(), replace(self._trust, verify=False).context()

    async def measure(self, target: str) -> sdk.Sample:
        """Shake hands with one target; certificates that are refused are looked at all the same."""
        host = self._endpoints[target].host
        resolved = await resolve(self.context, host, self.settings.family, self.circuit)
        self.context.trace(f"{host} is {resolved.address}")
        sample = await self._shake(target, resolved)
        if sample.outcome is not sdk.Outcome.REJECTED:
            return sample
        seen = sdk.Sample()
        with contextlib.suppress(sdk.SourceError, TimeoutError):
            async with asyncio.timeout(self.assignment.timeout_seconds / 2):
                seen = await self._shake(target, resolved, verify=False)
        dates = {metric: seen.values.get(metric) for metric in CERTIFICATE_METRICS}
        return replace(sample, values={**sample.values, **dates}, texts=seen.texts, records=seen.records)

    async def _shake(self, target: str, resolved: Resolved, *, verify: bool = True) -> sdk.Sample:
        clock, endpoint = self.context.clock, self._endpoints[target]
        values = {RESOLVE: resolved.seconds, **address_values(resolved)}
        stream = await connect(resolved.address, endpoint.port, clock, self.circuit)
        try:
            values[CONNECT] = handshake_seconds(stream)
            began = clock.monotonic()
            context = self._strict if verify else self._lax
            encrypted = await start_tls(stream, context, self.settings.server_name or endpoint.host)
            values |= {HANDSHAKE: clock.monotonic() - began, **certificate_values(encrypted.tls)}
            told = self._certificates.readings(target, encrypted.tls, clock.stamp())
            return sdk.Sample(values, agreed_texts(encrypted.tls), records=told)
        except sdk.SourceError as error:
            return sdk.Sample(values, outcome=sdk.Outcome(error.outcome), detail=str(error))
        finally:
            stream.close()
