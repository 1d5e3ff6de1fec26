"""The ledger of a run, driven by hand: no Ray."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from run_cases import checkpoints, open_ledger, report_of, score_of, small_config, train

from raynas.engine.ledger import Ledger
from raynas.engine.trials.trial_report import TrialReport
from raynas.runs import record
from raynas.runs.run_config import make_config
from raynas.runs.storage import open_folder
from raynas.runs.trial import Trial
from raynas.space import load_space
from raynas.strategies import Result

CONFIG = small_config(trials=40, keep=2)


@pytest.mark.parametrize("strategy", ["random", "evolution"])
@pytest.mark.parametrize("every", [1, 4])
def test_a_book_that_is_opened_again_goes_on_the_same(tmp_path: Path, strategy, every):
    options = {"population": 3, "tournament": 2} if strategy == "evolution" else {}
    config = CONFIG.model_copy(update={"strategy": strategy, "options": options})
    whole = train(open_ledger(tmp_path / "whole", config), 24)
    pieces = []
    while len(pieces) < 24:
        pieces += train(open_ledger(tmp_path / "pieces", config), every)
    assert pieces == whole
    assert len(set(whole)) == 24
    ledger = open_ledger(tmp_path / "pieces", config)
    assert (ledger.done, ledger.left) == (24, 16)
    assert [trial.number for trial in ledger._record] == list(range(24))


def test_thousands_of_trials_are_few_files_and_the_same_history(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(record, "ROWS_A_FILE", 100)
    config = make_config(space="mlp", strategy="evolution", trials=3000, options={"population": 50})
    space, folder = load_space("mlp"), open_folder(str(tmp_path))
    strategy, writer = config.make_strategy(space), record.TrialRecord(folder)
    now = datetime.now(UTC)
    for _ in range(2000):
        proposal = strategy.ask()
        score = score_of(proposal.architecture)
        strategy.tell(proposal.number, Result(score))
        writer.append(
            Trial(
                f"run_{proposal.number:05d}", proposal, "completed", None, 1, 1.0, now, now, "here",
                {"val_accuracy": score},
            )
        )  # fmt: skip
    assert len(list((folder / "trials").list())) == 20
    again = Ledger(folder, config, config.make_strategy(space))
    assert (again.done, again.left) == (2000, 1000)
    assert again.strategy.history == strategy.history
    assert [again.next()["architecture_id"] for _ in range(5)] == [
        strategy.ask().architecture.id for _ in range(5)
    ]


def test_unfinished_trials_come_first_with_the_same_proposal(tmp_path: Path):
    ledger = open_ledger(tmp_path, CONFIG)
    train(ledger, 5)
    lost = [ledger.next() for _ in range(3)]
    finished, lost = lost[1], [lost[0], lost[2]]
    ledger.finish(
        finished["trial_id"], report_of(ledger.running[finished["trial_id"]].proposal.architecture)
    )
    again = open_ledger(tmp_path, CONFIG)
    assert [again.next() for _ in range(2)] == lost
    new = again.next()
    assert new["number"] == 8
    assert new["trial_id"] == "run_00008"
    assert again.next()["number"] == 9


def test_unfinished_proposals_remember_their_repeats(tmp_path: Path):
    """The space is nearly used up, so that proposals stand on repeats; recall knows them all."""
    config = small_config(trials=140, options={"population": 2, "tournament": 2})
    whole = open_ledger(tmp_path / "whole", config)
    ids = train(whole, 100)
    assert any(trial.proposal.repeats for trial in whole._record)
    pieces = open_ledger(tmp_path / "pieces", config)
    done = []
    for number in range(100):
        if number % 3 == 0:
            pieces.next()
            pieces = open_ledger(tmp_path / "pieces", config)
        done += train(pieces, 1)
    assert done == ids
    old, new = whole.strategy.history, open_ledger(tmp_path / "pieces", config).strategy.history
    assert [(e.number, e.repeated, e.score) for e in old] == [
        (e.number, e.repeated, e.score) for e in new
    ]


@pytest.mark.parametrize("metric", ["val_accuracy", "val_loss"])
def test_exactly_the_best_checkpoints_are_kept(tmp_path: Path, metric):
    """A score is 1 - loss, so the best are the same whichever is the metric."""
    config = small_config(trials=40, keep=3, metric=metric)
    ledger = open_ledger(tmp_path, config)
    for count in range(1, 13):
        train(ledger, 1)
        trials = sorted(ledger._record, key=lambda t: score_of(t.architecture), reverse=True)
        assert [t.trial_id for t in ledger.best] == [t.trial_id for t in trials[:3]]
        assert checkpoints(tmp_path) == {t.trial_id for t in trials[:3]}
        assert ledger.done == count
    pending = ledger.next()["trial_id"]
    again = open_ledger(tmp_path, config)
    assert checkpoints(tmp_path) == {t.trial_id for t in trials[:3]} | {pending}
    assert [t.trial_id for t in again.best] == [t.trial_id for t in trials[:3]]


def test_of_equal_ones_the_earlier_is_the_best_after_a_resume_too(tmp_path: Path):
    ledger = open_ledger(tmp_path, CONFIG)
    for _ in range(4):
        config = ledger.next()
        architecture = ledger.running[config["trial_id"]].proposal.architecture
        ledger.finish(config["trial_id"], report_of(architecture, metrics={"val_accuracy": 0.5}))
    assert [t.number for t in ledger.best] == [0, 1]
    assert [t.number for t in open_ledger(tmp_path, CONFIG).best] == [0, 1]


def test_failed_trials_are_recorded_and_leave_no_checkpoint(tmp_path: Path):
    ledger = open_ledger(tmp_path, CONFIG)
    train(ledger, 1)
    lost, broken = ledger.next()["trial_id"], ledger.next()["trial_id"]
    ledger.fail(lost, "the worker died")
    ledger.fail(lost, "told twice")
    ledger.finish(broken, TrialReport(error="loss is nan"))
    for told in (ledger, open_ledger(tmp_path, CONFIG)):
        assert [(t.number, t.error) for t in told.tally.failures] == [
            (1, "the worker died"),
            (2, "loss is nan"),
        ]
        assert (told.done, len(told.best)) == (3, 1)
        assert all(t.metrics == {} and t.status == "failed" for t in told.tally.failures)
    assert checkpoints(tmp_path) == {"run_00000"}
    failed = {t.architecture.id for t in ledger.tally.failures}
    assert not failed & set(train(ledger, 20))


def test_a_failure_changes_no_later_proposal_after_a_resume(tmp_path: Path):
    def run(folder: Path, reopen: bool) -> list[str]:
        ledger, ids = open_ledger(folder, CONFIG), []
        for number in range(15):
            if reopen:
                ledger = open_ledger(folder, CONFIG)
            if number in (2, 9):
                ledger.fail(ledger.next()["trial_id"], "broken")
            else:
                ids += train(ledger, 1)
        return ids

    assert run(tmp_path / "a", reopen=False) == run(tmp_path / "b", reopen=True)


def test_rubbish_in_checkpoints_is_thrown_away(tmp_path: Path):
    ledger = open_ledger(tmp_path, CONFIG)
    train(ledger, 4)
    waiting = ledger.next()["trial_id"]
    (tmp_path / "checkpoints" / "run_00099").mkdir()  # killed before its proposal was written
    (tmp_path / "checkpoints" / f".{waiting}.proposal.json.77.tmp").write_bytes(b"{")
    gone = next(t.trial_id for t in ledger._record if t not in ledger.best)
    shutil.copytree(tmp_path / "checkpoints" / waiting, tmp_path / "checkpoints" / gone)
    again = open_ledger(tmp_path, CONFIG)
    assert again.next()["trial_id"] == waiting
    assert again.next()["number"] == 5
    assert {c for c in checkpoints(tmp_path) if not c.startswith(".")} == {
        *(t.trial_id for t in again.best),
        waiting,
        "run_00005",
    }


def test_an_epoch_is_noted(tmp_path: Path):
    ledger = open_ledger(tmp_path, CONFIG)
    changes = []
    ledger.on_change = changes.append
    trial_id = ledger.next()["trial_id"]
    running = ledger.running[trial_id]
    ledger.note(trial_id, report_of(running.proposal.architecture))
    ledger.note("run_00077", TrialReport(curve=[{"epoch": 1}]))
    assert running.epoch == 2
    assert running.metrics is not None
    assert set(running.metrics) == {"val_accuracy", "val_loss"}
    assert len(changes) == 1


def test_the_record_says_what_a_worker_reported(tmp_path: Path):
    ledger = open_ledger(tmp_path, CONFIG)
    train(ledger, 6)
    *_, trial = open_ledger(tmp_path, CONFIG)._record
    assert (trial.status, trial.epochs, trial.train_seconds, trial.node) == (
        "completed",
        2,
        0.5,
        "here",
    )
    assert trial.started_at.isoformat() == "2026-01-02T03:04:05.678901+00:00"
    assert trial.metrics == {
        "val_accuracy": score_of(trial.architecture),
        "val_loss": 1 - score_of(trial.architecture),
    }
    assert trial.proposal.parents


def test_a_remote_folder(tmp_path: Path):
    remote = open_folder("memory://ledger-test/run")
    ids = train(open_ledger(remote, CONFIG), 5)
    waiting = open_ledger(remote, CONFIG).next()
    ledger = open_ledger(remote, CONFIG)
    assert ledger.next() == waiting
    assert json.loads((remote / "checkpoints" / waiting["trial_id"]).read("proposal.json"))
    assert ids == train(open_ledger(tmp_path, CONFIG), 5)
    assert {info.base_name for info in (remote / "checkpoints").list()} == {
        *(t.trial_id for t in ledger.best),
        waiting["trial_id"],
    }
    remote.delete()


def test_an_exhausted_space(tmp_path: Path):
    config = small_config(trials=200)
    ledger = open_ledger(tmp_path, config)
    assert len(set(train(ledger, 156))) == 156
    for told in (ledger, open_ledger(tmp_path, config)):
        assert told.next() is None
        assert told.exhausted
        assert told.left == 44


def test_a_trial_whose_machine_is_lost_goes_on_unless_that_happens_again_and_again(tmp_path: Path):
    ledger = open_ledger(tmp_path, CONFIG)
    config = ledger.next()
    for number in (1, 2, 3):  # a new epoch in between: it gets somewhere
        ledger.note(config["trial_id"], TrialReport(curve=[{"epoch": number}]))
        ledger.lose(config["trial_id"], "gone", most=1)
        assert not ledger.running
        assert ledger.next() == config
        assert ledger.running[config["trial_id"]].curve == []
    for again in (True, False):
        ledger.note(
            config["trial_id"], TrialReport(curve=[{"epoch": 3}])
        )  # as before: it tells a scheduler of it
        ledger.lose(config["trial_id"], "gone", most=1 + again)
        assert (ledger.next() == config) == again
    (trial,) = ledger.tally.failures
    assert (trial.trial_id, trial.error) == (config["trial_id"], "gone")
    ledger.lose(config["trial_id"], "told twice", most=9)
    assert ledger.done == 1
