"""Secrets by reference: the file says where they are, never what they are."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import PlainValidator, SecretStr, ValidationInfo

from netmon.errors import Mistake

MAX_BYTES = 65_536
_REFERENCE = '{ env = "NAME" }, { file = "/path" } or { credential = "NAME" }'
_CREDENTIAL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*")


@dataclass(frozen=True, slots=True)
class Scope:
    """What checking one table may look at outside the file, and where it says what it noticed.

    `offline_only` leaves secrets and files alone, for a check on another machine: secrets are then empty.
    """

    file: str
    path: str
    environ: Mapping[str, str]
    offline_only: bool = False
    warnings: list[Mistake] = field(default_factory=list)

    def warn(self, key: str | None, problem: str, hint: str) -> None:
        """Note something that works but should be known."""
        path = f"{self.path}.{key}" if key else self.path
        self.warnings.append(Mistake(self.file, path, problem, hint))


def _scope(info: ValidationInfo) -> Scope:
    if not isinstance(info.context, Scope):
        raise TypeError("sections are validated with a Scope as context")
    return info.context


def _resolve(value: object, info: ValidationInfo) -> SecretStr:
    if not isinstance(value, dict):
        raise ValueError(f"must be a reference, never the secret itself: {_REFERENCE}")  # noqa: TRY004 - pydantic collects ValueError
    if len(value) != 1 or not {"env", "file", "credential"}.issuperset(value):
        raise ValueError(f"must be exactly one of {_REFERENCE}")
    [(kind, name)] = value.items()
    if not isinstance(name, str) or not name:
        raise ValueError(f"must be exactly one of {_REFERENCE}")
    scope = _scope(info)
    if scope.offline_only:
        return SecretStr("")
    if kind == "env":
        return _checked(_from_environment(name, scope), f"the environment variable {name}")
    path = Path(name) if kind == "file" else _credential_path(name, scope)
    _warn_if_open_to_all(path, info)
    return _checked(_read(path), f"the file {path}")


def _from_environment(name: str, scope: Scope) -> str:
    if name not in scope.environ:
        raise ValueError(f"the environment variable {name} is not set")
    return scope.environ[name]


def _credential_path(name: str, scope: Scope) -> Path:
    if not _CREDENTIAL.fullmatch(name):
        raise ValueError(f"{name!r} is not the name of a credential")
    folder = scope.environ.get("CREDENTIALS_DIRECTORY")
    if not folder:
        raise ValueError(
            f"$CREDENTIALS_DIRECTORY is not set; systemd sets it: LoadCredential={name}:/path in the unit"
        )
    return Path(folder, name)


def _read(path: Path) -> str:
    _check_readable(path)
    with path.open("rb") as stream:
        raw = stream.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise ValueError(f"the file {path} is too large for a secret")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        # The decoder's own error would carry the secret's bytes.
        raise ValueError(f"the file {path} is not text in UTF-8") from None


def _checked(text: str, where: str) -> SecretStr:
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise ValueError(f"{where} is empty")
    return SecretStr(secret)


def _check_readable(path: Path) -> None:
    if not path.is_absolute():
        raise ValueError(f"{str(path)!r} must be an absolute path")
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise ValueError(f"{path} is not a file")
        path.open("rb").close()
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None


def _warn_if_open_to_all(path: Path, info: ValidationInfo) -> None:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return  # reading it says why
    if mode & stat.S_IROTH:
        _scope(info).warn(
            info.field_name,
            f"the secret in {path} is readable by everybody (mode {mode:04o})",
            f"chmod 0600 {path}",
        )


def _readable(value: object, info: ValidationInfo) -> Path:
    if not isinstance(value, str):
        raise ValueError("must be text in quotes, an absolute path")  # noqa: TRY004 - pydantic collects ValueError
    path = Path(value)
    if not _scope(info).offline_only:
        _check_readable(path)
    return path


def _private(value: object, info: ValidationInfo) -> Path:
    path = _readable(value, info)
    if not _scope(info).offline_only:
        _warn_if_open_to_all(path, info)
    return path


Secret = Annotated[SecretStr, PlainValidator(_resolve)]
ReadableFile = Annotated[Path, PlainValidator(_readable)]
PrivateFile = Annotated[Path, PlainValidator(_private)]
