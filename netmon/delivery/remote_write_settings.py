"""How to reach a receiver of remote-write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from netmon.model import Labels


@dataclass(frozen=True, slots=True)
class RemoteWriteSettings:
    """Address, account and limits; secrets are not part of the repr.

    `out_of_order` says whether the receiver takes samples older than the newest; "auto" finds out.
    """

    url: str
    site: str = ""
    external_labels: Labels = ()
    out_of_order: Literal["auto", "yes", "no"] = "auto"
    query_url: str = ""
    token: str = field(default="", repr=False)
    username: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    timeout_seconds: float = 10.0
    batch_lines: int = 2000

    @property
    def cursor(self) -> str:
        """Name of this receiver's place in the store."""
        return f"remote_write {self.url}"

    @property
    def query_base(self) -> str:
        """Address of `/api/v1/...` for queries: beside where it is written, unless the settings say."""
        if self.query_url:
            return self.query_url.rstrip("/")
        for ending, instead in (("/api/v1/write", ""), ("/api/v1/push", "/prometheus")):
            if self.url.endswith(ending):
                return self.url.removesuffix(ending) + instead
        return ""
