"""Make the keys of users with engines, off the event loop, each passphrase stretched once."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, Self, cast

from collectors.snmp.usm_channel import Lock, PrivacyCipher
from collectors.snmp.usm_keys import localised, master_key, privacy_key, slow_extension
from collectors.snmp.usm_protocols import AUTHS, PRIVACIES
from netmon import sdk

_MOST_MASTERS: Final = 64
"""Passphrases remembered; a site has a handful of credentials."""


class KeyRing:
    """Shared by all SNMPv3 sessions of a daemon; its one thread starts with the first of them."""

    def __init__(self) -> None:
        self._thread: ThreadPoolExecutor | None = None
        self._masters: dict[tuple[str, bytes], bytes] = {}

    async def stretch(self, credential: sdk.Credential) -> None:
        """Make what does not depend on the engine; SourceError DENIED without a passphrase."""
        for key, protocol, secret in (
            ("auth", credential.auth, credential.auth_secret),
            ("privacy", credential.privacy, credential.privacy_secret),
        ):
            if protocol is not None and not secret.get_secret_value():
                detail = f"credential {credential.name} has no {key} passphrase"
                raise sdk.SourceError(sdk.Outcome.DENIED, detail)
        if credential.auth is not None:
            # Any engine ID will do: what is kept are the stretched passphrases and the cipher's module.
            await self.lock(credential, b"")

    async def lock(self, credential: sdk.Credential, engine_id: bytes) -> Lock:
        """Return what secures the messages between a credential's user and an engine."""
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="snmp-keys")
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._thread, self._make, credential, engine_id)

    def lock_now(self, credential: sdk.Credential, engine_id: bytes) -> Lock | None:
        """Return the same when it takes microseconds; None when it needs lock()."""
        if credential.auth is None:
            return Lock()
        auth = AUTHS[credential.auth]
        wanted = [credential.auth_secret]
        if credential.privacy is not None:
            wanted.append(credential.privacy_secret)
            if slow_extension(auth, PRIVACIES[credential.privacy]):
                return None
        ready = all(
            (auth.hash_name, secret.get_secret_value().encode()) in self._masters for secret in wanted
        )
        return self._make(credential, engine_id) if ready else None

    @classmethod
    async def open(cls, clock: sdk.Clock) -> Self:
        """Make it, empty."""
        del clock  # keys do not age
        return cls()

    async def close(self) -> None:
        """Let the thread end; nothing waits for it."""
        if self._thread is not None:
            self._thread.shutdown(wait=False, cancel_futures=True)
            self._thread = None

    def _make(self, credential: sdk.Credential, engine_id: bytes) -> Lock:
        """Make the keys; masters are only ever added, whole, so that thread and loop may both look."""
        auth = AUTHS[str(credential.auth)]
        master = self._master(auth.hash_name, credential.auth_secret)
        auth_key = localised(auth.hash_name, master, engine_id)
        if credential.privacy is None:
            return Lock(auth.hash_name, auth.mac_octets, auth_key)
        privacy = PRIVACIES[credential.privacy]
        master = self._master(auth.hash_name, credential.privacy_secret)
        key = privacy_key(auth, privacy, master, engine_id)
        return Lock(auth.hash_name, auth.mac_octets, auth_key, _cipher()(privacy.cipher, key))

    def _master(self, hash_name: str, secret: sdk.SecretStr) -> bytes:
        passphrase = secret.get_secret_value().encode()
        found = self._masters.get((hash_name, passphrase))
        if found is None:
            if len(self._masters) >= _MOST_MASTERS:
                self._masters = {}
            found = self._masters[hash_name, passphrase] = master_key(hash_name, passphrase)
        return found


def _cipher() -> Callable[[str, bytes], PrivacyCipher]:
    # The library takes 7 MB: only who encrypts pays for it.
    try:
        module = importlib.import_module("collectors.snmp.usm_cipher")
    except ImportError as error:
        detail = "SNMPv3 privacy needs the library cryptography, which this machine does not have"
        raise sdk.SourceError(sdk.Outcome.UNSUPPORTED, detail) from error
    return cast("Callable[[str, bytes], PrivacyCipher]", module.cipher)
