"""How to reach an InfluxDB, whatever its version."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal


@dataclass(frozen=True, slots=True)
class InfluxSettings:
    """Address, account and limits; secrets are not part of the repr.

    `database` is the word of versions 1 and 3, `bucket` that of version 2; either stands in for the
    other. With `username`, both are sent as Basic authentication, which is version 1's way.
    """

    url: str
    version: Literal["auto", "1", "2", "3"] = "auto"
    database: str = ""
    bucket: str = ""
    organization: str = ""
    token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    timeout_seconds: float = 10.0
    batch_lines: int = 5000
    gzip: bool = True

    @property
    def destination(self) -> str:
        """Name of the database or bucket."""
        return self.database or self.bucket

    @property
    def cursor(self) -> str:
        """Name of this destination's place in the store."""
        return " ".join(filter(None, ("influxdb", self.url, self.organization, self.destination)))
