"""The columns of the centre's files, made from their models; run this file to write them anew."""

from pathlib import Path

from netmon.config.section import Section
from netmon.config.wording import fields_of
from netmon.evidence.inputs.occasions import Claim, Exclusion, Ticket
from netmon.evidence.inputs.sites import ClosedRow, SiteRow
from netmon.evidence.inputs.terms import Terms
from netmon.evidence.inputs.upgrades import Upgrade

README = Path(__file__).parents[2] / "netmon" / "evidence" / "inputs" / "README.md"
BEGIN, END = "<!-- columns:begin -->\n", "<!-- columns:end -->\n"
FILES: dict[str, type[Section]] = {
    "contracts.csv": Terms,
    "sites.csv": SiteRow,
    "closed.csv": ClosedRow,
    "upgrades.csv": Upgrade,
    "exclusions.csv": Exclusion,
    "tickets.csv": Ticket,
    "claims.csv": Claim,
}


def table() -> str:
    lines = []
    for file, model in FILES.items():
        lines += [f"\n### {file}\n", "| column | needed | what it says |", "|---|---|---|"]
        for name, field in fields_of(model).items():
            lines.append(f"| `{name}` | {'yes' if field.is_required() else ''} | {field.description} |")
    return "\n".join(lines) + "\n"


def parts() -> tuple[str, str, str]:
    head, rest = README.read_text("utf-8").split(BEGIN)
    middle, tail = rest.split(END)
    return head, middle, tail


def test_the_columns_in_the_readme_are_those_that_are_read():
    assert parts()[1] == table(), "python tests/docs/test_evidence_columns.py writes them anew"


if __name__ == "__main__":
    head, _, tail = parts()
    README.write_text(head + BEGIN + table() + END + tail, "utf-8")
