"""`netmon mib FILE...`: objects of MIB files as definitions that the collector `objects` reads."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterable, Mapping
from pathlib import Path

from collectors.mibs.compiler import compiled, definitions
from netmon import sdk


class MibCommand(sdk.Command):
    """Compile MIB files once, so that the daemon needs none."""

    summary = "compile MIB files to objects that devices can be asked for"

    def arguments(self, parser: ArgumentParser) -> None:
        """Declare arguments."""
        parser.add_argument("files", metavar="FILE", nargs="+", type=Path, help="MIB files")
        parser.add_argument("--object", action="append", metavar="NAME", help="only this one; again for more")

    def run(self, options: Namespace) -> int:
        """Print definitions; return 1 when there is no object with a number."""
        found = list(definitions(compiled(options.files)))
        if options.object:
            missing = set(options.object) - {one["name"] for one in found}
            if missing:
                raise sdk.UsageError(f"the files have no number called {', '.join(sorted(missing))}")
            found = [one for name in options.object for one in found if one["name"] == name]
        sys.stdout.write(json.dumps(found, indent=1) + "\n" if options.json else toml(found))
        return 0 if found else 1


def toml(found: Iterable[Mapping[str, str]]) -> str:
    """Return definitions as a file; empty fields are left out."""
    blocks = (
        "\n".join(["[[object]]", *(f"{key} = {json.dumps(text)}" for key, text in one.items() if text)])
        for one in found
    )
    return "\n\n".join(blocks) + "\n"
