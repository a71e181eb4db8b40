"""A million damaged datagrams through every decoder: mutations of our own, then guided by atheris.

NETMON_FUZZ_INPUTS sets another number.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

INPUTS = int(os.environ.get("NETMON_FUZZ_INPUTS", "1000000"))
MODULES = [
    f"collectors.snmp.{name}" for name in ("ber", "message", "template", "walk", "usm_message", "usm_report")
]


def own() -> dict[str, float]:
    """Take mutations of our own, at full speed: the figures of time."""
    from fakes.snmp_fuzz import Target, mutations

    target = Target()
    gc.freeze()
    for octets in islice(mutations(1), INPUTS):
        target.take(octets)
    return vars(target.found)


def guided() -> dict[str, float]:
    """Run atheris in a process of its own: it ends the process when it is done."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder, "found.json")
        command = [sys.executable, __file__, "--child", folder, str(told)]
        done = subprocess.run(command, stdout=sys.stderr, stderr=subprocess.PIPE, text=True, check=False)
        if done.returncode or not told.exists():
            sys.stderr.write(done.stderr[-4000:])
            raise SystemExit(1)
        return json.loads(told.read_text())


def child(folder: str, told: str) -> None:
    import atheris

    with atheris.instrument_imports(include=MODULES):
        from fakes.snmp_fuzz import Target, replies
    for number, reply in enumerate(replies()):
        Path(folder, f"seed-{number}").write_bytes(reply or b"")
    target = Target()

    def one(octets: bytes) -> None:
        target.take(octets)
        if target.found.inputs == INPUTS:
            Path(told).write_text(json.dumps(vars(target.found)))

    runs = [f"-runs={INPUTS + 10}", "-max_len=1472", "-verbosity=0", "-seed=1", folder]
    atheris.Setup([sys.argv[0], *runs], one)
    atheris.Fuzz()


def tell(found: dict[str, float], note: str) -> None:
    note += f"; {found['over_a_millisecond']} over 1 ms, slowest {found['slowest'] * 1e6:.0f} us"
    note += f"; {found['lifted']} accepted by a template, all as the strict decoder says"
    line = {"bench": "snmp_fuzz", "metric": "cpu_us_per_datagram", "unit": "us", "runs": found["inputs"]}
    line["value"] = round(1e6 * found["total"] / found["inputs"], 1)
    print(json.dumps({**line, "peer": None, "peer_value": None, "ratio": None, "note": note}), flush=True)


def main() -> None:
    tell(own(), "mutations of our own")
    if find_spec("atheris") is None:
        sys.stderr.write("atheris is not installed: no guided run (pip install atheris)\n")
    else:
        tell(guided(), "guided by atheris, whose instruments take most of the time")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:4])
    else:
        main()
