"""What a day of the model site writes to the disk, with a durable commit each five seconds."""

from _store_day import ours, peer, tell


def main() -> None:
    found = ours()
    note = f"{found['commit_mb']:.0f} MB of it by commits; as the kernel counts what goes towards the disk"
    tell("store_writes", "mb_per_day", found["mb_per_day"], "MB", ("own floor", 500), note)
    for name in ("victoria-metrics", "influxd"):
        theirs = peer(name)
        told = "the peer was fed 2000 polls per request, some 200 requests in all, and syncs when it likes"
        tell("store_writes", "mb_per_day", found["mb_per_day"], "MB", (name, theirs["mb_per_day"]), told)


if __name__ == "__main__":
    main()
