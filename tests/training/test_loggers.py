"""Live curves: what a logger gets is what the curves of the run have, once, also where a run was interrupted."""

import sys

import pytest

from selfsup import loggers
from selfsup.errors import InputError
from selfsup.pipeline.plan import Plan
from selfsup.progress import Progress
from tests.conftest import forget
from tests.test_extensions import install
from tests.training.test_schedules import TOTAL, training

LISTED = """
class Logger:
    made = []
    def __init__(self, folder, start):
        self.folder, self.start, self.values, self.closed = folder, start, [], False
        self.made.append(self)
    def log(self, step, values):
        self.values.append((step, values))
    def close(self):
        self.closed = True
"""


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def listed(elsewhere, monkeypatch):
    """The class of a logger that another package adds, chosen by its name."""
    (elsewhere / "listing").mkdir()
    (elsewhere / "listing" / "__init__.py").write_text(LISTED)
    install(elsewhere, "listing", [("loggers", "listed", "listing")])
    monkeypatch.syspath_prepend(elsewhere)
    monkeypatch.setenv(loggers.VARIABLE, "listed")
    forget()
    import listing

    yield listing.Logger
    del sys.modules["listing"]
    forget()


def run(folder, stop=None):
    made = training(folder)
    made.run(Progress("a run seed 0", folder / "logs" / "pretrain" / "a-1234.log"), stop)
    return made.curves.rows


def test_each_row_of_the_curves_is_logged_when_it_is_complete(elsewhere, listed):
    rows = run(elsewhere)
    (logger,) = listed.made
    assert logger.closed
    assert logger.values == [(row["step"], {"epoch": row["epoch"], "loss": row["loss"]}) for row in rows]
    assert (str(logger.folder), logger.start) == ("logs/listed/a-1234/a-run-seed-0", 0)


def test_what_logs_nothing_makes_no_logger(listed):
    assert list(Progress("features").steps(0, 3, "batch", 1, {})) == [0, 1, 2]
    assert not listed.made


def test_a_run_that_resumes_says_where(elsewhere, listed):
    run(elsewhere, stop=3)
    rows = run(elsewhere)
    first, second = listed.made
    assert (first.start, second.start) == (0, 3)
    assert [step for step, _ in first.values + second.values] == [row["step"] for row in rows]


@pytest.mark.slow
def test_tensorboard_reads_the_curves_of_an_interrupted_run(elsewhere, monkeypatch):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    monkeypatch.setenv(loggers.VARIABLE, "tensorboard")
    run(elsewhere, stop=3)
    rows = run(elsewhere)
    events = EventAccumulator(str(elsewhere / "logs" / "tensorboard" / "a-1234" / "a-run-seed-0")).Reload()
    found = [(event.step, event.value) for event in events.Scalars("loss")]
    assert len(rows) == TOTAL
    assert found == [(row["step"], pytest.approx(row["loss"])) for row in rows]


def test_without_the_variable_nothing_is_written(elsewhere, monkeypatch):
    monkeypatch.delenv(loggers.VARIABLE, raising=False)
    run(elsewhere)
    assert [file.name for file in (elsewhere / "logs").iterdir()] == ["pretrain"]


def test_a_logger_that_does_not_exist_is_told_before_training(project, monkeypatch, capsys):
    monkeypatch.setenv(loggers.VARIABLE, "tensorbord")
    with pytest.raises(
        InputError, match="SELFSUP_LOGGER=tensorbord: no logger has this name; tensorboard can be chosen"
    ):
        run(project)
    with pytest.raises(SystemExit, match="selfsup: SELFSUP_LOGGER=tensorbord: no logger has this name"):
        Plan("smoke").check()
