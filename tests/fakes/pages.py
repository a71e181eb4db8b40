"""Pages as the server renders them, without a server, and what a browser would find in them."""

from __future__ import annotations

from datetime import UTC, datetime
from html.parser import HTMLParser

from fakes.site_sample import SampleSite

from netmon.templates import Templates
from netmon.web import device_page, look, page, technician
from netmon.web.device_readings import rows_of
from netmon.web.files import TEMPLATES
from netmon.web.incidents import RecentIncidents
from netmon.web.pages import headline
from netmon.web.scale import Scales
from netmon.web.snapshot import Snapshot, take
from netmon.web.trends import Trends
from netmon.web.views import event_document


class Tags(HTMLParser):
    """Collects tags and attributes; knows whether they are closed in order."""

    VOID = frozenset({"meta", "link", "rect", "path", "wbr"})

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.attributes: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self._data: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.seen.append(tag)
        self.attributes += [name for name, _ in attrs]

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        self._data.append(data)

    @property
    def words(self) -> str:
        """All text with single blanks, also between elements."""
        return " ".join(" ".join(self._data).split())


def parsed(html: bytes) -> Tags:
    """Return what is in a page; every element is closed in its place."""
    tags = Tags()
    tags.feed(html.decode())
    tags.close()
    assert tags.open == []
    return tags


def _now(site: SampleSite) -> datetime:
    return datetime.fromtimestamp(site.clock.wall_ns() / 1e9, UTC)


def _look(site: SampleSite) -> look.Look:
    snapshot = snapshot_of(site)
    scales = Scales.fit(snapshot, 6 * 3_600_000)
    return look.Look(Trends(site.query), snapshot, site.clock.wall_ns() // 1_000_000, scales)


def snapshot_of(site: SampleSite) -> Snapshot:
    return take(site.view, site.verdict(), site.clock.boottime_ns())


async def main_page(site: SampleSite) -> bytes:
    past = _look(site)
    gathered = page.Gathered(
        past.snapshot,
        _now(site),
        tuple(event_document(event) for event in site.latest.events()),
        await RecentIncidents(site).newest(),
        site.health(),
        await past.traffic(),
        await past.timings(),
        past.scales,
    )
    return _render("page.html", page.compose(gathered))


async def device_page_of(site: SampleSite, device: str) -> bytes:
    past = _look(site)
    gathered = device_page.GatheredDevice(
        past.snapshot,
        _now(site),
        device,
        rows_of(site.view, device),
        await past.device_traffic(device),
        past.scales,
    )
    return _render("device.html", device_page.compose(gathered))


def technician_page(site: SampleSite) -> bytes:
    return _render(
        "technician.html", technician.compose(snapshot_of(site), site.health(), _now(site), "10.3.0.9")
    )


def _render(template: str, content) -> bytes:
    tone, word = headline(content.verdict)
    return Templates(TEMPLATES).render(template, page=content, tone=tone, word=word)
