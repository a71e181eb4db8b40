"""Work shared out to real processes: the same answer, whatever happens to them is said in words."""

import os
from dataclasses import dataclass

import pytest
from fakes.estate_reports import PLANS, PlannedSource, report
from fakes.evidence import MARCH

from netmon.errors import StoreError
from netmon.evidence.reports.workers import WorkError, Workshop, cores
from netmon.evidence.sources.source import Source


def opened() -> Source:
    return PlannedSource(PLANS)


def cannot_open() -> Source:
    raise StoreError("there is no history here")


@dataclass(frozen=True)
class Squares:
    """Work that squares numbers, dies of one of them, and refuses another."""

    deadly: int | None = None
    refused: int | None = None

    def __call__(self, source: Source, job: int) -> int:
        assert list(source.lines(MARCH))
        if job == self.deadly:
            os._exit(9)
        if job == self.refused:
            raise StoreError(f"{job} cannot be read")
        return job * job


def test_answers_keep_the_order_of_the_jobs():
    jobs = list(range(40))
    assert Workshop(opened, Squares()).answers(jobs, 2) == [job * job for job in jobs]


def test_an_estate_has_the_same_report_whatever_the_number_of_processes():
    assert report(processes=2) == report(processes=1)


def test_a_process_that_dies_is_an_error_in_words():
    with pytest.raises(WorkError, match="died"):
        Workshop(opened, Squares(deadly=3)).answers(list(range(8)), 2)


def test_what_a_process_could_not_read_is_said_here():
    with pytest.raises(WorkError, match="5 cannot be read"):
        Workshop(opened, Squares(refused=5)).answers(list(range(8)), 2)


def test_a_source_that_does_not_open_is_said_here():
    with pytest.raises(WorkError, match="there is no history here"):
        Workshop(cannot_open, Squares()).answers([1, 2, 3], 2)


def test_one_job_needs_no_process_and_closes_its_source():
    sources: list[PlannedSource] = []

    def remembered() -> Source:
        sources.append(PlannedSource(PLANS))
        return sources[-1]

    assert Workshop(remembered, Squares()).answers([7], 8) == [49]
    assert Workshop(remembered, Squares()).answers([], 8) == []
    assert [source.closed for source in sources] == [True]


def test_there_is_a_core_at_least():
    assert cores() >= 1
