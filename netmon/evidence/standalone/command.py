"""What `python3 PACK.zip [--root FILE]` does: check the seals, then work out every figure again."""

from __future__ import annotations

import sys
import zipfile
import zlib
from pathlib import Path
from zoneinfo import ZoneInfoNotFoundError

from .check import check
from .recompute import recompute

WRONG = (
    ArithmeticError, AttributeError, LookupError, OSError, RecursionError, StopIteration, TypeError,
    ValueError,
)  # fmt: skip
"""What goes wrong with files that are not as they should be."""


def main(pack: Path, arguments: list[str]) -> int:
    """Print what was found; 1 when anything does not hold."""
    if arguments and (arguments[0] != "--root" or len(arguments) != 2):
        sys.stderr.write("usage: python3 PACK.zip [--root FILE]\n")
        return 2
    try:
        lines = Path(arguments[1]).read_text("utf-8", "replace").splitlines() if arguments else []
    except OSError as error:
        sys.stderr.write(f"{arguments[1]}: {error.strerror}\n")
        return 2
    try:
        problems, words = check(pack, lines)
        figures = [] if problems else recompute(pack)
    except ZoneInfoNotFoundError as error:
        sys.stderr.write(f"this Python knows no time zones ({error}): install tzdata, and try again\n")
        return 2
    except (*WRONG, zipfile.BadZipFile, zlib.error) as error:
        problems, words, figures = [f"the pack is not as it should be: {error!r}"], [], []
    verdict = "does NOT hold" if problems or figures else "holds, and all figures follow from its records"
    for line in (*problems, *figures, *words, f"the pack {verdict}"):
        # A pack is a stranger's: no letter of it may move the cursor of whoever reads this.
        sys.stdout.write("".join(one if " " <= one <= "~" else "?" for one in line) + "\n")
    return 1 if problems or figures else 0
