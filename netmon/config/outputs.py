"""`[output.*]` and `[store]`: where readings go and how long they stay."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field

from netmon.config.secret import ReadableFile, Secret
from netmon.config.section import Problem, Section
from netmon.config.values import Endpoint, Keep, Timeout, Url, Words, url_host, within
from netmon.units import Bytes, Seconds


def absolute(text: str) -> str:
    """Return the path of a folder; ValueError unless it is absolute."""
    if not Path(text).is_absolute():
        raise ValueError(f"{text!r} must be an absolute path")
    return text


_LABEL = re.compile(r"(?!__)[a-zA-Z_][a-zA-Z0-9_]*")


class ServerSection(Section):
    """What all outputs over HTTP have."""

    url: Url = Field(description="where the server is, http:// or https://")
    token: Secret | None = Field(None, description="token, if the server wants one")
    username: Words = Field("", description="user, for servers with user and password")
    password: Secret | None = Field(None, description="password of that user")
    ca_file: ReadableFile | None = Field(None, description="certificates to trust instead of the system's")
    timeout_seconds: Timeout = Field(10.0, alias="timeout", description="longest time for one request")

    def mistakes(self) -> Iterator[Problem]:
        """Yield log-ins that are incomplete or given twice."""
        if self.token is not None and (self.username or self.password is not None):
            yield Problem("token", "is given beside a user or password", "keep one of the two")
        if bool(self.username) != (self.password is not None):
            missing = "password" if self.username else "username"
            yield Problem(missing, "is missing: user and password belong together")

    def warnings(self) -> Iterator[Problem]:
        """Warn of secrets that travel in clear text."""
        secret = self.token is not None or self.password is not None
        if secret and self.url.startswith("http://") and not Endpoint(url_host(self.url), 0).loopback:
            yield Problem("url", "sends its secret in clear text", "use https://")


class InfluxSection(ServerSection):
    """InfluxDB 1, 2 or 3."""

    version: Literal["auto", "1", "2", "3"] = Field(
        "auto", description='server version: "auto" asks the server'
    )
    database: Words = Field("", description="database (versions 1 and 3)")
    bucket: Words = Field("", description="bucket (version 2)")
    organization: Words = Field("", description="organization (version 2)")
    batch_size: int = Field(5000, ge=1, le=100_000, description="most lines in one request")
    gzip: bool = Field(True, description="compress requests")

    def mistakes(self) -> Iterator[Problem]:
        """Yield keys that the version needs or does not know."""
        yield from super().mistakes()
        if bool(self.database) == bool(self.bucket):
            problem = "is given beside bucket" if self.bucket else "is missing: no database and no bucket"
            yield Problem("database", problem, "database for versions 1 and 3, bucket for version 2")
        if self.version == "2":
            yield from self._mistakes_version_2()
        elif self.version != "auto" and self.bucket:
            yield Problem("bucket", f"means nothing to version {self.version}", "use database")
        elif self.version != "auto" and self.organization:
            yield Problem("organization", f"means nothing to version {self.version}", "remove it")

    def _mistakes_version_2(self) -> Iterator[Problem]:
        if self.database:
            yield Problem("database", "means nothing to version 2", "use bucket")
        if not self.organization:
            yield Problem("organization", "is missing: version 2 needs it")


class RemoteWriteSection(ServerSection):
    """Prometheus, VictoriaMetrics, Mimir ... by remote-write 1.0."""

    batch_size: int = Field(2000, ge=1, le=100_000, description="most samples in one request")
    out_of_order: Literal["auto", "yes", "no"] = Field(
        "auto", description="whether the server takes samples older than the newest; auto: tries"
    )
    external_labels: dict[str, str] = Field({}, description="labels for every series that does not have them")
    query_url: Url | None = Field(
        None, description="where its query API begins, for the audit; left out: beside url"
    )

    def mistakes(self) -> Iterator[Problem]:
        """Yield labels that no series can have."""
        yield from super().mistakes()
        for name in self.external_labels:
            if not _LABEL.fullmatch(name):
                yield Problem(
                    f"external_labels.{name}", "is not the name of a label", "letters, digits and _"
                )


class FileSection(Section):
    """Files for whoever fetches files."""

    folder: Annotated[str, AfterValidator(absolute)] = Field(description="where the files go; absolute")
    format: Literal["line", "csv"] = Field("line", description="line (InfluxDB line protocol) or csv")
    gzip: bool = Field(False, description="compress files once they are finished")
    rotate_bytes: Annotated[Bytes, Field(ge=100_000)] = Field(
        100_000_000, description="how large a file grows before a new one is begun"
    )
    rotate_every_seconds: Annotated[Seconds, AfterValidator(within("1m", "31d"))] = Field(
        86_400.0, alias="rotate_every", description="how often a new file is begun"
    )
    keep_seconds: Keep = Field(2_592_000.0, alias="keep", description="how long files stay")


class StoreSection(Section):
    """The embedded history."""

    commit_every_seconds: Annotated[Seconds, AfterValidator(within("100ms", "5m"))] = Field(
        5.0, alias="commit_every", description="how much a power cut may cost"
    )
    keep_seconds: Keep = Field(34_560_000.0, alias="keep", description="how long readings stay")
    keep_bytes: Annotated[Bytes, Field(ge=10_000_000)] = Field(
        4_000_000_000, description="how large the history may grow; the oldest readings go first"
    )
    evidence_keep_seconds: Keep = Field(
        220_924_800.0, alias="evidence_keep", description="how long evidence stays, whatever the size"
    )
    hold_unsynced_seconds: Annotated[Seconds, AfterValidator(within("0s", "3650d"))] = Field(
        259_200.0,
        alias="hold_unsynced",
        description="how long readings wait for a clock that nobody has set; then they are sent, marked",
    )
    hold_unsynced_records: int = Field(
        2_000_000, ge=1, description="most records that wait so; then all are sent, marked"
    )

    def mistakes(self) -> Iterator[Problem]:
        """Yield retention that contradicts itself."""
        if self.evidence_keep_seconds < self.keep_seconds:
            yield Problem(
                "evidence_keep", "is shorter than keep", "evidence stays at least as long as readings"
            )
