"""Read vendor files: one with a mistake is left out, and the mistake is told with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from collectors.rules.check import mistakes
from collectors.rules.model import VendorFile
from collectors.rules.place import line_of
from netmon import sdk

_ENTERPRISES = re.compile(r"^enterprises\s*=\s*\[([\d,\s]*)\]", re.MULTILINE)
_LINE = re.compile(r"\(at line (\d+)")
_MAX_BYTES = 1 << 20


class VendorFileError(sdk.UsageError):
    """A vendor file cannot be used; the text names file, line and mistake, one per line."""


def vendor_file(path: Path) -> VendorFile:
    """Return a checked vendor file; VendorFileError lists every mistake."""
    text = _text(path)
    try:
        found = sdk.parse(VendorFile, tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        match = _LINE.search(str(error))
        raise VendorFileError(f"{path}:{match[1] if match else 1}: {error}") from error
    except sdk.MistakesError as error:
        raise _told(path, text, error.mistakes) from error
    wrong = list(mistakes(found))
    if wrong:
        raise _told(path, text, wrong)
    return found


def enterprises(path: Path) -> frozenset[int] | None:
    """Return the enterprise numbers a file is about without reading all of it; None when it does not say."""
    match = _ENTERPRISES.search(_text(path))
    return None if match is None else frozenset(int(number) for number in re.findall(r"\d+", match[1]))


def vendor_files(folders: Iterable[Path]) -> Iterator[Path]:
    """Yield the vendor files of all folders; one in a later folder replaces one of the same name."""
    found: dict[str, Path] = {}
    for folder in folders:
        if folder.is_dir():
            found |= {path.name: path for path in sorted(folder.glob("*.toml"))}
    yield from (found[name] for name in sorted(found))


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            octets = file.read(_MAX_BYTES + 1)
        if len(octets) > _MAX_BYTES:
            raise VendorFileError(f"{path}:1: is larger than 1 MiB")
        return octets.decode()
    except (OSError, UnicodeDecodeError) as error:
        raise VendorFileError(f"{path}:1: {error}") from error


def _told(path: Path, text: str, wrong: Sequence[sdk.Mistake]) -> VendorFileError:
    lines = [f"{path}:{line_of(text, m.path)}: {_shown(m.path)}: {m.words}" for m in wrong]
    return VendorFileError("\n".join(lines))


def _shown(path: Sequence[str | int]) -> str:
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).lstrip(".")
