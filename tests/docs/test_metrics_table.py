"""README has a table of all metrics, made from the declarations; run this file to write it anew."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from fakes.declared import declared

from netmon.model import Kind

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- metrics:begin -->\n", "<!-- metrics:end -->\n"


def table() -> str:
    lines = ["| measurement | metric | kind | what it says |", "|---|---|---|---|"]
    for measurement, metrics in declared().items():
        shown: dict[str, list[str]] = {}
        for metric in metrics:
            shown.setdefault(metric.name, []).append(", ".join(f"{k}={v}" for k, v in metric.labels))
        for metric in {metric.name: metric for metric in metrics}.values():
            constants = " or ".join(label for label in shown[metric.name] if label)
            name = f"`{metric.name}`" + (f" ({constants})" if constants else "")
            kind = "gauge" if metric.kind is Kind.STATE else metric.kind
            lines.append(f"| {measurement or 'netmon itself'} | {name} | {kind} | {metric.help} |")
    return "\n".join(lines) + "\n"


def parts() -> tuple[str, str, str]:
    text = README.read_text("utf-8")
    head, rest = text.split(BEGIN)
    middle, tail = rest.split(END)
    return head, middle, tail


def test_the_table_of_metrics_is_what_the_sources_declare():
    assert parts()[1] == table(), "python tests/docs/test_metrics_table.py writes it anew"


def test_every_metric_has_a_help_text_that_is_a_sentence():
    for metrics in declared().values():
        for metric in metrics:
            assert metric.help.endswith("."), metric.name


if __name__ == "__main__":
    head, _, tail = parts()
    README.write_text(head + BEGIN + table() + END + tail, "utf-8")
