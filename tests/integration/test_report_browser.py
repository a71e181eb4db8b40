"""Reports in a real browser: nothing serious for axe, no page wider than a phone, two pages of A4."""

import json
import re
from pathlib import Path

import pytest
from fakes.browser import Browser, browser
from fakes.report_pages import estate, hostile, usual
from fakes.reports import full, nearly_empty

from netmon.evidence.reports.page import estate_page, site_page

pytestmark = pytest.mark.servers

AXE = Path(__file__).parents[1] / "tools" / "axe" / "axe.min.js"
AUDIT = """axe.run(document, {resultTypes: ['violations']}).then(found => JSON.stringify(found.violations.map(
one => ({rule: one.id, impact: one.impact, nodes: one.nodes.map(node => node.html.slice(0, 200))}))))"""
DESK, PHONE = 1280, 360
MAKERS = {
    "full": lambda: site_page(full()),
    "usual": lambda: site_page(usual()),
    "nearly-empty": lambda: site_page(nearly_empty()),
    "estate": lambda: estate_page(estate()),
    "hostile": lambda: site_page(hostile(full())),
}


@pytest.fixture(scope="module")
def window(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("chromium")) as tab:
        yield tab


@pytest.fixture(scope="module", params=MAKERS)
def report(request, tmp_path_factory) -> Path:
    file = tmp_path_factory.mktemp("report") / f"{request.param}.html"
    file.write_text(MAKERS[request.param](), encoding="utf-8")
    return file


def audited(window: Browser) -> list[dict]:
    window.evaluate(AXE.read_text())
    return json.loads(window.evaluate(AUDIT))


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_axe_finds_nothing_serious(window, report, width):
    window.show(report, width)
    found = [one for one in audited(window) if one["impact"] in ("serious", "critical")]
    assert found == []


def test_the_audit_would_find_something(window, tmp_path):
    file = tmp_path / "bad.html"
    file.write_text('<!doctype html><html><title>x</title><main><svg role="img"></svg></main></html>')
    window.show(file, DESK)
    rules = {one["rule"] for one in audited(window) if one["impact"] in ("serious", "critical")}
    assert rules >= {"html-has-lang", "svg-img-alt"}


@pytest.mark.parametrize("width", [DESK, PHONE])
def test_the_page_is_not_wider_than_its_window_and_asks_for_nothing(window, report, width):
    window.show(report, width)
    assert window.evaluate("document.documentElement.scrollWidth") <= width
    assert window.evaluate("innerWidth") == width
    assert window.asked == []
    assert window.evaluate("getComputedStyle(document.body).maxWidth") == "1040px", (
        "the policy lets the style in"
    )


def test_texts_run_no_script(window, tmp_path):
    file = tmp_path / "hostile.html"
    file.write_text(site_page(hostile(full())), encoding="utf-8")
    window.show(file, DESK)
    assert window.evaluate("document.scripts.length + document.images.length") == 0
    policy = "document.body.insertAdjacentHTML('beforeend', '<img src=x onerror=\"window.ran=1\">')"
    window.evaluate(policy)
    assert window.evaluate("new Promise(done => setTimeout(() => done(window.ran === undefined), 50))")


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b", pdf))


def test_a_usual_month_of_one_line_is_two_pages_of_a4(window, tmp_path):
    file = tmp_path / "usual.html"
    file.write_text(site_page(usual()), encoding="utf-8")
    window.show(file, DESK)
    pdf = window.pdf()
    assert pages(pdf) == 2
    width, height = map(float, re.search(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", pdf).groups())
    assert (round(width * 25.4 / 72), round(height * 25.4 / 72)) == (210, 297)


def test_the_ranked_table_of_an_estate_is_printed_across(window, tmp_path):
    file = tmp_path / "estate.html"
    file.write_text(estate_page(estate()), encoding="utf-8")
    window.show(file, DESK)
    boxes = re.findall(rb"/MediaBox\s*\[0 0 ([\d.]+) ([\d.]+)\]", window.pdf())
    across = [float(width) > float(height) for width, height in boxes]
    assert across[:2] == [False, True]
    assert not across[-1]
