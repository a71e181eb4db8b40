"""`[credential.NAME]`: how devices are asked, with safe defaults for SNMPv3."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from pydantic import Field, SecretStr

from netmon.config.secret import Secret
from netmon.config.section import Problem, Section
from netmon.config.values import Words

Auth = Literal["none", "MD5", "SHA-1", "SHA-224", "SHA-256", "SHA-384", "SHA-512"]
Privacy = Literal["none", "DES", "AES-128", "AES-192", "AES-256", "AES-192-Reeder", "AES-256-Reeder"]

_WEAK = frozenset({"none", "MD5", "DES"})
_V3_KEYS = ("user", "auth", "auth_secret", "privacy", "privacy_secret", "context_name")


class CredentialSection(Section):
    """One way of asking devices; the keys that count depend on the SNMP version."""

    version: Literal["1", "2c", "3"] = Field(description='SNMP version: "1", "2c" or "3"')
    community: Secret | None = Field(None, description="versions 1 and 2c: the community")
    user: Words = Field("", description="version 3: the user")
    auth: Auth = Field("SHA-256", description="version 3: authentication protocol")
    auth_secret: Secret | None = Field(None, description="version 3: authentication passphrase")
    privacy: Privacy = Field(
        "AES-128", description="version 3: encryption; AES-192 and AES-256 also as -Reeder (Cisco and others)"
    )
    privacy_secret: Secret | None = Field(None, description="version 3: encryption passphrase")
    context_name: str = Field(
        "", max_length=32, description="version 3: SNMP context, for devices that have several"
    )
    allow_weak: bool = Field(False, description="accept MD5, DES or none; for versions 1 and 2c: do not warn")

    def mistakes(self) -> Iterator[Problem]:
        """Yield keys that are missing for the version or do not belong to it."""
        yield from self._mistakes_v3() if self.version == "3" else self._mistakes_community()

    def _mistakes_community(self) -> Iterator[Problem]:
        if self.community is None:
            yield Problem(
                "community", f"is missing: SNMP {self.version} needs one", 'community = { env = "NAME" }'
            )
        for key in _V3_KEYS:
            if key in self.model_fields_set:
                yield Problem(
                    key, f"means nothing with SNMP {self.version}", 'remove it, or set version = "3"'
                )

    def _mistakes_v3(self) -> Iterator[Problem]:
        if self.community is not None:
            yield Problem("community", "means nothing with SNMP 3", "remove it")
        if not self.user:
            yield Problem("user", "is missing: SNMP 3 needs one")
        yield from self._passphrase("auth", self.auth, self.auth_secret)
        yield from self._passphrase("privacy", self.privacy, self.privacy_secret)
        if self.auth == "none" and self.privacy != "none":
            yield Problem("privacy", "needs authentication (RFC 3414)", 'set auth, or privacy = "none"')
        for key, protocol in (("auth", self.auth), ("privacy", self.privacy)):
            if protocol in _WEAK and not self.allow_weak:
                yield Problem(key, f'"{protocol}" is weak', "choose a stronger one, or set allow_weak = true")

    @staticmethod
    def _passphrase(key: str, protocol: str, secret: SecretStr | None) -> Iterator[Problem]:
        if protocol == "none":
            if secret is not None:
                yield Problem(f"{key}_secret", f'means nothing with {key} = "none"', "remove it")
        elif secret is None:
            yield Problem(
                f"{key}_secret", f"is missing: {protocol} needs one", f'{key}_secret = {{ env = "NAME" }}'
            )
        elif 0 < len(secret.get_secret_value()) < 8:  # empty: secrets were left alone
            yield Problem(f"{key}_secret", "is shorter than 8 characters, the least that agents accept")

    def warnings(self) -> Iterator[Problem]:
        """Warn of communities, which travel in clear text."""
        if self.version != "3" and not self.allow_weak:
            yield Problem(
                "version",
                f"SNMP {self.version} sends its community in clear text",
                "use version 3, or set allow_weak = true where the devices cannot",
            )
