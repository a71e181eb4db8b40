"""Bytes per sample at rest, statistics included, beside VictoriaMetrics and InfluxDB with the same day."""

from _store_day import ours, peer, tell


def main() -> None:
    found = ours()
    for name in ("victoria-metrics", "influxd"):
        theirs = peer(name)
        tell(
            "store_size", "bytes_per_sample", found["bytes_per_sample"], "bytes",
            (name, theirs["bytes_per_sample"]), "hourly statistics and positions of sinks are in ours",
        )  # fmt: skip
        tell("store_size", "rss_mb", found["rss_mb"], "MB", (name, theirs["rss_mb"]), "above an idle process")


if __name__ == "__main__":
    main()
