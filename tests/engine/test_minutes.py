"""A run that has so many minutes: when they are over, and what suits the trials they allow."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from command_cases import SLOW_SPACE
from run_cases import SPACE, open_ledger, record, small_config, train, wait_for, write_space

import raynas
from raynas.engine.ledger.time_limit import Sizing, TimeLimit, spent_s
from raynas.runs.integrity.new_run import make_run
from raynas.runs.run_config import RunConfig, make_config
from raynas.runs.run_file import read_run_file, run_file
from raynas.runs.run_folder import open_run
from raynas.runs.storage import open_folder
from raynas.runs.wording import trials_in_words
from raynas.strategies import STRATEGIES
from raynas.training import read_curve


def test_trials_and_minutes_each_end_a_run():
    assert make_config().resolved().trials == 30
    assert make_config(strategy="darts").resolved().trials == 2
    assert make_config(minutes=5).resolved().trials is None
    both = make_config(minutes=1, trials=7).resolved()
    assert (both.trials, both.minutes) == (7, 1)
    assert trials_in_words(both) == "7 trials of 10 epochs, at most 1 minute"
    assert trials_in_words(make_config(minutes=2.5)) == "trials of 10 epochs for 2.5 minutes"
    with pytest.raises(ValueError, match="minutes: expected a number above 0"):
        make_config(minutes=0)


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_what_suits_a_number_of_trials_is_sized_later_unless_it_is_set(strategy):
    config = make_config(strategy=strategy, minutes=5)
    names = config.to_be_sized
    resolved = config.resolved()
    assert set(names) <= resolved.options.keys()
    suited = STRATEGIES[strategy].suited_options(777)
    assert resolved.sized(names, 777).options == {**resolved.options, **suited}
    given = {name: resolved.options[name] for name in names}
    assert make_config(strategy=strategy, minutes=5, options=given).to_be_sized == ()
    assert make_config(strategy=strategy, minutes=5, trials=20).to_be_sized == ()


def begun(folder: Path, **values: object) -> RunConfig:
    config = make_config(space="own.py", name="run", minutes=60, **values)
    resolved = config.resolved()
    run = open_folder(str(folder / "run"))
    run.make()
    make_run(run, resolved, SPACE, file=run_file(resolved, to_be_sized=config.to_be_sized))
    return resolved


@pytest.mark.parametrize("strategy", ["evolution", "pnas", "reinforce"])
def test_once_some_trials_are_done_options_suit_what_the_minutes_allow(tmp_path, strategy):
    """And who resumes the run then goes on as the one that was killed would have."""
    config = begun(tmp_path, strategy=strategy)
    assert open_run(str(tmp_path / "run")).state(0) == "interrupted"
    ledger = open_ledger(tmp_path / "run", config)
    said: list[str] = []
    ledger.limit = TimeLimit(1e4)
    ledger.sizing = Sizing(read_run_file(ledger.folder).to_be_sized, said.append)
    train(ledger, 2)
    assert not said
    train(ledger, 12)
    (line,) = said
    assert line.startswith("About ")
    assert line.partition(": ")[2].split(" ")[0] in STRATEGIES[strategy].suited_options(1)
    file = read_run_file(ledger.folder)
    assert file.to_be_sized == ()
    sized = file.config()
    assert sized == ledger.config != config
    other = open_ledger(tmp_path / "run", sized)
    ids = [[ledger_.next()["architecture_id"] for _ in range(5)] for ledger_ in (ledger, other)]
    assert ids[0] == ids[1]
    assert open_run(str(tmp_path / "run")).config.options == sized.options  # as the record has it


def test_minutes_are_counted_without_the_pauses_between_resumes(tmp_path):
    ledger = open_ledger(tmp_path, small_config(trials=10))
    train(ledger, 3)
    (first, *_), now = list(ledger.trials()), datetime.now(UTC)
    long_ago = first.started_at - timedelta(seconds=30)
    took = (list(ledger.trials())[-1].finished_at - first.started_at).total_seconds()
    spent = spent_s(ledger.trials(), (long_ago, now - timedelta(seconds=12)))
    assert spent == pytest.approx(30 + took + 12, abs=2)
    assert spent_s(ledger.trials(), ()) == pytest.approx(took)
    limit = TimeLimit(1, spent_s=59.8)
    assert not limit.over
    wait_for(lambda: limit.over, 5)
    assert (limit.left_s, TimeLimit(None).left_s, TimeLimit(None).over) == (0, None, False)


def test_a_run_ends_with_its_minutes_and_hands_over_what_it_has(ray_cluster, tmp_path):
    space = write_space(tmp_path, SLOW_SPACE)
    run = raynas.search(
        space=space, minutes=0.5, epochs=2000, scheduler="none", name="run", storage=str(tmp_path),
        concurrency=1, keep=1, options={"limit": 100},
    )  # fmt: skip
    trials = record(run)
    (cut,) = trials  # of 0.2 seconds an epoch
    assert (cut.status, cut.cut_off) == ("stopped", True)
    assert 0 < cut.epochs == len(cut.curve) == cut.curve[-1]["epoch"] < 2000
    checkpoint = tmp_path / "run/checkpoints" / cut.trial_id / "last.ckpt"
    assert [e["epoch"] for e in read_curve(checkpoint)] == [e["epoch"] for e in cut.curve]
    best = run.best()
    assert best is not None
    assert (best["trial_id"], best["trials"]) == (cut.trial_id, 1)
    assert best["metrics"]["val_accuracy"] == cut.curve[-1]["val_accuracy"]
    assert 0 <= best["test"]["test_accuracy"] <= 1
    file = yaml.safe_load((tmp_path / "run/run.yaml").read_text())
    assert (file["trials"], file["minutes"], file["ended"]) == (None, 0.5, "minutes")
    assert "finished, 1 trial done, 1 stopped early" in run.status()
    page = (tmp_path / "run/report.html").read_text()
    assert "It ended when its time was over." in page
    assert "resume" in page
    assert "--minutes 1" in page

    assert record(raynas.resume(run.folder)) == trials  # nothing is done
    for wanted in ({"minutes": 0.4}, {"trials": 50}):
        with pytest.raises(ValueError, match=r"has taken 0\.5\d* minutes already"):
            raynas.resume(run.folder, **wanted)
    retrained = run.retrain(epochs=1)
    assert (retrained.config.minutes, retrained.config.trials) == (None, 1)
    again = raynas.resume(run.folder, minutes=0.8)
    after = record(again)
    assert after[0] == cut
    assert len(after) <= 2
    assert open_run(run.folder).state(len(after)) == "finished"
