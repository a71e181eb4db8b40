"""Processor time per sample: commits each five seconds, sealing and hourly statistics, beside the peers'."""

from _store_day import ours, peer, tell


def main() -> None:
    found = ours()
    note = f"commit {found['commit_us']:.2f}, seal {found['seal_us']:.2f}, "
    note += f"longest step {found['longest_step_ms']:.0f} ms"
    for name in ("victoria-metrics", "influxd"):
        theirs = peer(name)
        tell(
            "store_cost", "cpu_us_per_sample", found["commit_us"] + found["seal_us"], "us",
            (name, theirs["cpu_us"]), f"{note}; the peer was fed 2000 polls per request, without commits",
        )  # fmt: skip
    tell("store_cost", "open_ms", found["open_ms"], "ms", ("own floor", 500), "opening after that day")


if __name__ == "__main__":
    main()
