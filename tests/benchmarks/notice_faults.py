"""500 kills while receivers fail half of the time: messages lost, and those that came twice, per channel.

GOV.UK Notify can be asked by reference, so nothing may come twice. A webhook and SMTP cannot be asked: what
was under way at a kill, or was taken without an answer, comes again under the same id.
"""

from __future__ import annotations

import asyncio
import json
import sys
import tempfile
from pathlib import Path

from fakes.notice_storm import Storm

KILLS = 500


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        found = asyncio.run(Storm(Path(folder), KILLS).rage())
    bad = 0
    for name, count in found.items():
        bad += count.lost + count.strange + (count.repeated if name == "govuk_notify" else 0)
        note = f"{name}: {count.messages} messages, {KILLS} kills; repeated ones carry the same id"
        for metric in ("lost", "repeated"):
            row = {
                "bench": "notice_faults",
                "metric": metric,
                "value": getattr(count, metric),
                "unit": "messages",
            }
            print(json.dumps({**row, "peer": "", "peer_value": None, "ratio": None, "runs": 1, "note": note}))
    sys.exit(bad > 0)


if __name__ == "__main__":
    main()
