"""Reports as pages: numbers of the model, words for gaps, nothing from elsewhere, no way out of the text."""

import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace
from itertools import pairwise
from random import Random

import pytest
from fakes.pages import Tags
from fakes.report_pages import HOSTILE, estate, hostile, usual
from fakes.reports import full, nearly_empty

from netmon.evidence.reports.estate_model import EstateReport
from netmon.evidence.reports.figure import Figure
from netmon.evidence.reports.page import estate_page, site_page
from netmon.evidence.reports.said import grounds, said
from netmon.templates import csp_hash

EXAMPLES = {
    "full": full(),
    "usual": usual(),
    "nearly empty": nearly_empty(),
    "estate": estate(),
    "hostile": hostile(full()),
    "hostile estate": hostile(estate()),
}


def made(report) -> str:
    return estate_page(report) if isinstance(report, EstateReport) else site_page(report)


class Page(Tags):
    """Also keeps each tag with its attributes."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag, attrs):
        super().handle_starttag(tag, attrs)
        self.elements.append((tag, dict(attrs)))

    def handle_startendtag(self, tag, attrs):
        super().handle_startendtag(tag, attrs)
        self.elements.append((tag, dict(attrs)))

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.elements if tag in tags]


@pytest.fixture(scope="module", params=EXAMPLES.items(), ids=EXAMPLES)
def page(request):
    name, report = request.param
    html = made(report)
    found = Page()
    found.feed(html)
    assert found.open == []
    return name, report, html, found


def figures(value) -> Iterator[Figure]:
    if isinstance(value, Figure):
        yield value
    elif isinstance(value, tuple):
        for one in value:
            yield from figures(one)
    elif is_dataclass(value):
        for one in fields(value):
            yield from figures(getattr(value, one.name))


def test_every_figure_of_the_report_stands_on_the_page_with_its_grounds(page):
    _, report, _, found = page
    words = found.words
    for figure in figures(report):
        assert said(figure) in words or HOSTILE[:8] in said(figure)
        assert grounds(figure).partition("n = ")[0] in words
        assert (
            figure.n is None or f"n = {figure.n:,}" in words or not figure.known or is_count(report, figure)
        )


def is_count(report, figure) -> bool:
    """Counts of an estate say once of how many they are: beside the question."""
    return isinstance(report, EstateReport) and any(figure is row.count for row in report.counts)


def test_nothing_comes_from_elsewhere(page):
    _, _, html, found = page
    assert {"script", "img", "link", "iframe", "object", "form", "a", "image", "use"} & set(
        found.seen
    ) == set()
    assert not {"src", "href", "srcset", "style", "action", "xlink:href"} & set(found.attributes)
    assert not any(name.startswith("on") for name in found.attributes)
    style = html[html.index("<style>") + 7 : html.index("</style>")]
    assert "url(" not in style
    assert "@import" not in style
    policy = found.all("meta")[1]["content"]
    assert policy == f"default-src 'none'; style-src {csp_hash(style)}; base-uri 'none'; form-action 'none'"


def test_hostile_texts_stay_texts(page):
    name, _, html, found = page
    if name.startswith("hostile"):
        assert "alert('x')" in found.words
        assert "{{ 7*7 }}" in found.words
        assert "<script" not in html
    ids = [attributes["id"] for _, attributes in found.elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert all(re.fullmatch(r"[a-z0-9-]+", one or "") for one in ids)


def test_every_chart_has_a_name_and_says_its_finding(page):
    _, _, html, found = page
    ids = {attributes["id"] for _, attributes in found.elements if "id" in attributes}
    for attributes in found.all("svg"):
        if attributes.get("aria-hidden") == "true":
            continue
        assert attributes["role"] == "img"
        assert set((attributes["aria-labelledby"] or "").split()) <= ids
    assert all(text.strip() for text in re.findall(r"<desc[^>]*>(.*?)</desc>", html, re.DOTALL))


def test_tables_have_captions_and_heads_and_headings_skip_no_level(page):
    _, _, html, found = page
    assert html.count("<table") == html.count("<caption>")
    assert {attributes.get("scope") for attributes in found.all("th")} <= {"col", "row"}
    assert html.count('<th scope="row">') == html.count("<tr>") - html.count("<thead>")
    levels = [int(tag[1]) for tag, _ in found.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert found.all("html")[0]["lang"] == "en-GB"
    assert len(found.all("main")) == 1


def test_no_cell_is_empty_and_none_is_said_in_words(page):
    _, _, html, found = page
    assert not re.search(r"<dd>\s*(<span[^>]*>)?\s*</", html)
    assert not re.search(r"<span(?! class=\"of\")[^>]*>\s*</span>", html)
    assert "None" not in found.words
    assert "nan" not in found.words.lower().split()


def test_the_answers_come_before_everything_else():
    words = site_page(full())
    assert words.index("Is the bandwidth enough?") < words.index("<table")
    assert "Claim the possible credit of £16.79 by 30 April 2026" in words[: words.index("<table")]


def test_without_a_contract_and_charts_the_page_says_what_is_missing():
    html = site_page(nearly_empty())
    assert "Its contract is not known." in html
    assert "How fast the line is, is not known: there were no tests." in html
    assert "<figure" not in html


def holed(value, random):
    """Return a report with some of its figures unknown and some of its rows gone."""
    if isinstance(value, Figure):
        gone = random.random() < 0.3
        return replace(value, value=None, n=None, low=None, high=None, coverage=None) if gone else value
    if isinstance(value, tuple):
        return tuple(holed(one, random) for one in value if isinstance(one, str) or random.random() < 0.8)
    if is_dataclass(value):
        return replace(value, **{one.name: holed(getattr(value, one.name), random) for one in fields(value)})
    return value


@pytest.mark.parametrize("seed", range(12))
def test_whatever_is_missing_is_said_and_never_a_number(seed):
    report = holed(full() if seed % 2 else estate(12), Random(seed))
    html = made(report)
    page = Page()
    page.feed(html)
    assert page.open == []
    unknown = [figure for figure in figures(report) if not figure.known]
    assert html.count("not known") >= len(unknown) // 3
    assert "None" not in page.words
    assert not re.search(r"(?<![\w.])(nan|inf)(?!\w)", page.words)


def luminance(colour: str) -> float:
    """Return the relative luminance of "#rrggbb" (WCAG 2.2)."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize(
    ("rule", "ground"),
    [
        (r"\ntext{[^}]*fill:(#\w{6})", "#ffffff"),
        (r"\.value{fill:(#\w{6})", "#ffffff"),
        (r"--dim:(#\w{6})", "#ffffff"),
        (r"--bad:(#\w{6})", "#ffffff"),
        (r"--good:(#\w{6})", "#ffffff"),
        (r"--open:(#\w{6})", "#ffffff"),
        (r"\.on-light{fill:(#\w{6})", r"\.heat3{fill:(#\w{6})"),
        (r"\.heat4{fill:(#\w{6})", "#ffffff"),
    ],
)
def test_words_stand_out_from_their_ground_also_in_charts(rule, ground):
    style = site_page(nearly_empty())
    if not ground.startswith("#"):
        ground = re.search(ground, style)[1]
    dark, light = sorted((luminance(re.search(rule, style)[1]), luminance(ground)))
    assert (light + 0.05) / (dark + 0.05) >= 4.5
