"""`[site]` and `[[circuit]]`: where the appliance stands and which lines serve the place."""

from __future__ import annotations

from collections.abc import Iterator
from ipaddress import ip_network
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from netmon.config.section import Problem, Section
from netmon.config.values import Name, Timezone, Words, is_address
from netmon.hours import Hours, HoursOfWeek
from netmon.units import BitsPerSecond, Bytes

Technology = Literal[
    "leased", "fttp", "fttc", "sogea", "gfast", "adsl", "sdsl", "cable", "wireless", "4g", "5g", "satellite",
    "other",
]  # fmt: skip
RateLayer = Literal["L1", "L2", "IP", "TCP"]


def _uprn(text: str) -> str:
    if not (text.isascii() and text.isdigit() and len(text) <= 12):
        raise ValueError("is not a Unique Property Reference Number: 1 to 12 digits, in quotes")
    return text


def _source(text: str) -> str:
    # IFNAMSIZ is 16 with the closing NUL.
    if not is_address(text) and (not 0 < len(text) < 16 or "/" in text or any(map(str.isspace, text))):
        raise ValueError(f"{text!r} is neither an address nor the name of an interface of this machine")
    return text


def _network(text: str) -> str:
    try:
        return str(ip_network(text))
    except ValueError:
        raise ValueError(f"{text!r} is not a network such as 203.0.113.7/32 or 2001:db8::/48") from None


class SiteSection(Section):
    """The place that is watched."""

    id: Name = Field(description="short name of the site, on every series; never change it")
    name: Words = Field("", description="full name, for pages and reports")
    uprn: Annotated[str, AfterValidator(_uprn)] | None = Field(
        None, description="Unique Property Reference Number, to join with the property register"
    )
    timezone: Timezone = Field("UTC", description="time zone of service_hours and quiet_hours")
    service_hours: HoursOfWeek | None = Field(None, description="when people work here; without it: always")
    users: int | None = Field(
        None, ge=0, le=1_000_000, description="how many people work here in service hours"
    )
    networks: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        (), description="further networks of the site itself: what answers there proves nothing of a line"
    )


class WanSection(Section):
    """The router's port that a circuit is plugged into."""

    device: Name = Field(description="name of the [[device]]")
    interface: Words = Field(description="ifName of its port")


class CircuitSection(Section):
    """A line from a supplier."""

    id: Name = Field(description="name of the circuit, on its series; never change it")
    supplier: Words = Field("", description="who sells the line")
    supplier_ref: Words = Field("", description="the supplier's name for the line, to quote in tickets")
    technology: Technology | None = Field(None, description="what kind of line it is")
    down_bits_per_second: BitsPerSecond | None = Field(
        None, alias="down", gt=0, description="contracted rate towards the site"
    )
    up_bits_per_second: BitsPerSecond | None = Field(
        None, alias="up", gt=0, description="contracted rate from the site"
    )
    rate_layer: RateLayer = Field(
        "L2", description="layer the contract states its rates in: L1, L2, IP or TCP"
    )
    wan: WanSection | None = Field(None, description="the router's port that counts the line's traffic")
    source: Annotated[str, AfterValidator(_source)] = Field(
        "", description="own address or interface that probes of this circuit leave by"
    )
    egress: tuple[Annotated[str, AfterValidator(_network)], ...] = Field(
        (), description="public networks that its packets come from, to prove which circuit carried them"
    )
    cap_bytes: Bytes | None = Field(
        None, alias="cap", gt=0, description="bytes that tests may use each month; without it: no limit"
    )
    reserve_bytes: Bytes = Field(
        0, alias="reserve", ge=0, description="bytes of the cap that planned tests leave for others"
    )
    quiet_hours: HoursOfWeek = Field(Hours(), description="when no bandwidth test may run")
    metered: bool = Field(False, description="true where each byte costs money: only thrifty tests")
    backup_of: Name | None = Field(None, description="id of the circuit that this one stands in for")
    endpoints: tuple[Words, ...] = Field(
        (), description="hosts that the contract names for tests: only results from there can be claimed"
    )

    @property
    def source_address(self) -> str:
        """The own address to bind to; empty when an interface or nothing is given."""
        return self.source if is_address(self.source) else ""

    @property
    def interface(self) -> str:
        """The own interface to bind to; empty when an address or nothing is given."""
        return "" if is_address(self.source) else self.source

    def mistakes(self) -> Iterator[Problem]:
        """Yield what does not fit together."""
        if self.reserve_bytes and self.reserve_bytes >= (self.cap_bytes or 0):
            yield Problem("reserve", "is not less than cap", "planned tests would have nothing to spend")

    def warnings(self) -> Iterator[Problem]:
        """Warn of a line whose tests cost money without limit."""
        if self.metered and self.cap_bytes is None:
            yield Problem("cap", "a metered circuit has no limit for tests", 'add cap = "2GB"')
