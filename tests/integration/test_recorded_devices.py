"""What netmon finds in recordings of real devices, against what a peer found in them."""

import asyncio
import json
import sys

from fakes.context import make_context
from fakes.polling import poll_recording
from fakes.recordings import lab

from netmon.config.watch import DEFAULT_COLLECT

LEAST_SHARE = {
    "system": ("right", "expected", 0.95),
    "sensors": ("vendor_right", "vendor", 0.85),
    "processors": ("right", "expected", 0.90),
    "memory": ("right", "expected", 0.90),
    "inventory": ("right", "expected", 0.95),
    "neighbours": ("right", "expected", 1.0),
}
SECTIONS = (*LEAST_SHARE, "interfaces", "addresses")
LEAST_PRECISION = 0.99


async def judged(tmp_path):
    """Poll every recording with every collector, and let the laboratory's scorer judge."""
    results, judged = tmp_path / "results", tmp_path / "score.json"
    results.mkdir()
    for path in sorted(lab("corpus", "recordings").glob("*.snmprec")):
        found = await poll_recording(path.read_text(), make_context(), ",".join(DEFAULT_COLLECT))
        (results / f"{path.stem}.json").write_text(json.dumps(found))
    program = await asyncio.create_subprocess_exec(
        *(sys.executable, str(lab("tools", "score.py")), str(results), str(lab("corpus", "expected"))),
        *("--json", str(judged)),
        stdout=asyncio.subprocess.DEVNULL,
    )
    await program.wait()
    return json.loads(judged.read_text())["sections"]


async def test_recorded_devices_are_understood_as_well_as_promised(tmp_path):
    scores = await judged(tmp_path)
    for section in SECTIONS:
        told = scores[section]
        assert told["standard_right"] == told["standard"], section
        assert told["right"] >= LEAST_PRECISION * (told["right"] + told["wrong"]), section
    for section, (right, expected, least) in LEAST_SHARE.items():
        assert scores[section][right] >= least * scores[section][expected], section
