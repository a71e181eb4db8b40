"""The long form of tests/integration/test_probe_loss.py: 10,000 probes of each kind, all accounted for."""

from __future__ import annotations

import tempfile
from pathlib import Path

from _results import report, say
from fakes.loss_trial import TRIALS, trial
from fakes.referee import emulated_path

PACKETS = 100


def main() -> None:
    with tempfile.TemporaryDirectory() as name, emulated_path(Path(name)) as path:
        for what in TRIALS:
            ours, theirs = trial(path, what, PACKETS)
            assert ours.sent == theirs.sent
            addresses = {*ours.lost, *theirs.lost}
            wrong = sum(abs(ours.lost.get(one, 0) - theirs.lost.get(one, 0)) for one in addresses)
            wrong += abs(ours.further - theirs.further)
            lost = sum(theirs.lost.values())
            say(f"{what}: {lost} lost, {theirs.further} further replies, {wrong} counted wrongly")
            report(
                "probe_loss", "counted_wrongly", wrong, "packets", peer="the referee", peer_value=0,
                note=f"{what}: {theirs.sent} probes, {lost} lost, {theirs.further} further replies",
            )  # fmt: skip


if __name__ == "__main__":
    main()
