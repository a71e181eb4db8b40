"""`[web]`: the page, the scrape and the API, and who may reach them."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import Field

from netmon.config.secret import PrivateFile, ReadableFile, Secret
from netmon.config.section import Problem, Section
from netmon.config.values import Endpoint, Listen, Words

_TOKEN_CHARACTERS = 16


class TlsSection(Section):
    """The server's certificate and its key."""

    certificate: ReadableFile = Field(description="PEM file with the certificate and its chain")
    key: PrivateFile = Field(description="PEM file with the private key")


class WebSection(Section):
    """The web server; loopback unless told otherwise."""

    listen: Listen = Field(
        Endpoint("127.0.0.1", 9877),
        description="where page, scrape and API answer; beyond loopback: tls and tokens",
    )
    technician: Listen | None = Field(
        None, description="where the read-only technician page answers; without it: nowhere"
    )
    tls: TlsSection | None = Field(None, description="certificate and key (PEM files) of listen")
    tokens: tuple[Secret, ...] = Field(
        (), description="bearer tokens that are let in; needed for every action"
    )
    max_series: int = Field(
        200_000,
        ge=1_000,
        description="most series that /metrics shows; a source that would burst it is left out",
    )
    allowed_hosts: tuple[Words, ...] = Field(
        (), description="further names by which browsers may call this server"
    )

    def mistakes(self) -> Iterator[Problem]:
        """Yield what would open netmon to the network without protection."""
        if not self.listen.loopback:
            for key, given in (("tls", self.tls is not None), ("tokens", bool(self.tokens))):
                if not given:
                    yield Problem(
                        key,
                        f"is missing: {self.listen} can be reached from the network",
                        f"add {key}, or listen on 127.0.0.1; technician needs neither",
                    )
        for place, token in enumerate(self.tokens, 1):
            if 0 < len(token.get_secret_value()) < _TOKEN_CHARACTERS:  # empty: secrets were left alone
                yield Problem(
                    f"tokens[{place}]",
                    f"is shorter than {_TOKEN_CHARACTERS} characters",
                    "make one with: openssl rand -hex 16",
                )
        if self.technician == self.listen and self.listen.port:
            yield Problem("technician", "is the same as listen", "choose another port")
