"""A million damaged datagrams through every decoder: guided by atheris if installed, else our own mutations.

NETMON_FUZZ_INPUTS sets another number.
"""

from __future__ import annotations

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
    from fakes.snmp_fuzz import Target, mutations

    target = Target()
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


def main() -> None:
    by_atheris = find_spec("atheris") is not None
    found = guided() if by_atheris else own()
    note = "guided by atheris" if by_atheris else "atheris is not installed: mutations of our own"
    note += f"; {found['over_a_millisecond']} over 1 ms, slowest {found['slowest'] * 1e6:.0f} us"
    note += f", {found['lifted']} accepted by a template and agreed with the strict decoder"
    figures = {"value": round(1e6 * found["total"] / found["inputs"], 1), "unit": "us"}
    line = {
        "bench": "snmp_fuzz",
        "metric": "cpu_us_per_datagram",
        **figures,
        "peer": None,
        "peer_value": None,
    }
    print(json.dumps({**line, "ratio": None, "runs": found["inputs"], "note": note}), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        child(*sys.argv[2:4])
    else:
        main()
