"""A day of the model site in the history and in its peers, side by side: one table of all that it cost.

Commits each five seconds, sealing and hourly statistics are in ours. `store_size` and `store_writes` tell
single rows of the same table.
"""

from _store_day import ours, peer, say, tell
from _store_recovery import recovery_ms

FLOORS = {
    "bytes_per_sample": ("bytes", 1.3), "cpu_us_per_sample": ("us", 2.5), "mb_per_day": ("MB", 500),
    "rss_mb": ("MB", 30), "recovery_ms": ("ms", 500),
}  # fmt: skip
PEERS = ("victoria-metrics", "influxd")


def main() -> None:
    found = ours()
    note = f"commits {found['commit_us']:.2f} us, sealing {found['seal_us']:.2f} us a sample; "
    note += f"longest step {found['longest_step_ms']:.0f} ms; peers were fed 2000 polls per request"
    mine = {
        "bytes_per_sample": found["bytes_per_sample"],
        "cpu_us_per_sample": found["commit_us"] + found["seal_us"],
        "mb_per_day": found["mb_per_day"],
        "rss_mb": found["rss_mb"],
        "recovery_ms": recovery_ms(),
    }
    theirs = {name: peer(name) for name in PEERS}
    say(f"{'':20}{'netmon':>12}{'floor':>10}" + "".join(f"{name:>18}" for name in PEERS))
    for metric, value in mine.items():
        unit, floor = FLOORS[metric]
        cells = [theirs[name].get(metric) for name in PEERS]
        shown = "".join(f"{'-' if cell is None else f'{cell:.2f}':>18}" for cell in cells)
        say(f"{metric:20}{value:12.2f}{floor:10}{shown}")
        for name, cell in zip(("own floor", *PEERS), (floor, *cells), strict=True):
            if cell is not None:
                tell("store_cost", metric, value, unit, (name, cell), note)


if __name__ == "__main__":
    main()
