from datetime import UTC, datetime

import pytest
import yaml
from run_cases import write_space

from raynas.data import located
from raynas.runs.certainty import ValidationCount
from raynas.runs.run_config import RunConfig, make_config
from raynas.runs.run_file import parse_run_file, run_file


def test_the_defaults_are_a_whole_run():
    config = make_config().resolved()
    assert (config.space, config.strategy, config.data) == ("chain_cnn", "evolution", "digits")
    assert config.name.startswith("chain_cnn-digits-evolution-2")
    assert config.options["batch_size"] == 64
    assert config.options["validation_fraction"] == 0.2
    assert config.scheduler == "none", "each of so many trials is trained in full"
    assert config.options["population"] == 6, "a fifth of the 30 trials, not the paper's 100"
    assert set(config.options) == set(config.legal_options)


@pytest.mark.parametrize(
    ("values", "scheduler"),
    [
        ({"minutes": 5}, "asha"),
        ({"minutes": 5, "scheduler": "none"}, "none"),
        ({"minutes": 5, "trials": 30}, "none"),
        ({"minutes": 5, "epochs": 1}, "none"),
        ({"minutes": 5, "metric": "params"}, "none"),
        ({"minutes": 5, "strategy": "darts"}, "none"),
        ({"trials": 30, "scheduler": "median"}, "median"),
    ],
)
def test_minutes_are_not_spent_on_bad_trials_unless_told(values, scheduler):
    config = make_config(**values)
    assert config.scheduler == scheduler
    assert config.resolved().scheduler == scheduler


def read_config(text: str, where: str, **overrides) -> RunConfig:
    return parse_run_file(text, where).config(**overrides)


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"space": "mlp", "strategy": "random", "metric": "val_loss", "trials": 7, "seed": 3},
        {
            "strategy": "evolution",
            "options": {"population": 9, "limit": 100, "gradient_clip": 0.5, "image": None},
        },
        {"scheduler": "asha", "deduplicate": "canonical", "options": {"grace_period": 2}},
        {"concurrency": 2, "cpus_per_trial": 0.5, "gpus_per_trial": 0.25, "keep": 1},
    ],
)
def test_run_yaml_is_read_back_the_same(values):
    config = make_config(**values).resolved()
    text = run_file(config).to_yaml()
    again = read_config(text, "run.yaml")
    assert again == config
    assert again.resolved() == config
    assert set(yaml.safe_load(text)["versions"]) == {"raynas", "ray", "torch", "pytorch-lightning"}


def test_what_is_given_wins_over_the_file():
    text = "space: mlp\nstrategy: evolution\ntrials: 9\noptions: {population: 5, batch_size: 32}\n"
    config = read_config(text, "x.yaml", trials=3, options={"population": 4})
    assert (config.space, config.trials) == ("mlp", 3)
    assert config.options == {"population": 4, "batch_size": 32}
    assert read_config("", "empty.yaml") == make_config()


def test_a_name_is_made_of_the_files_that_are_searched(tmp_path):
    space = write_space(tmp_path, name="my_space.py")
    (tmp_path / "iris.parquet").touch()
    config = make_config(space=space, data=f"{tmp_path}/iris.parquet", strategy="random")
    assert config.resolved().name.startswith("my_space-iris-random-")
    assert make_config(name="mine").resolved().name == "mine"


def test_a_local_data_set_is_found_from_everywhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "iris.parquet").touch()
    assert located("iris.parquet") == str(tmp_path / "iris.parquet")
    assert located("s3://b/iris") == "s3://b/iris"
    (tmp_path / "digits").mkdir()
    assert located("digits") == "digits"


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (
            {"strategy": "evolutoin"},
            "unknown strategy 'evolutoin'; expected one of random, .*evolution",
        ),
        ({"metric": "accuracy"}, "unknown metric 'accuracy'; expected one of val_accuracy, val_f1"),
        ({"trails": 3}, "unknown option 'trails'; expected one of space, strategy, data, trials"),
        (
            {"strategy": "evolution", "options": {"popsize": 3}},
            "unknown option 'popsize'; expected one of .*population",
        ),
        ({"options": {"epochs": 3}}, "unknown option 'epochs'"),
        (
            {"strategy": "random", "options": {"population": 3}},
            "population: an option of strategy evolution; this run's strategy is random",
        ),
        (
            {"strategy": "evolution", "options": {"population": 0}},
            "population: expected an integer from 1, got 0",
        ),
        (
            {"strategy": "evolution", "options": {"population": "many"}},
            "population: .*integer.*, got 'many'",
        ),
        (
            {"strategy": "evolution", "options": {"crossover": 2}},
            "crossover: expected a number from 0 to 1, got 2",
        ),
        ({"options": {"batch_size": 0}}, "batch_size: expected an integer from 1, got 0"),
        ({"options": {"learning_rate": -1}}, "learning_rate: expected a number above 0, got -1"),
        (
            {"options": {"optimizer": "adamm"}},
            "optimizer: .* one of adam, rmsprop, sgd, got 'adam",
        ),
        ({"options": {"precision": "8"}}, "precision: .*32-true"),
        ({"options": {"test_fraction": 0.9}}, "must leave something to train on, got 0.2 and 0.9"),
        ({"options": {"limit": "few"}}, "limit: .*integer.*'few'"),
        (
            {"scheduler": "ash"},
            "unknown scheduler 'ash'; expected one of none, asha, hyperband",
        ),
        (
            {"scheduler": "asha", "metric": "params"},
            "scheduler: .* as the metric, got 'params'",
        ),
        (
            {"options": {"grace_period": 2}},
            "grace_period: an option of scheduler asha or median; this run's scheduler is none",
        ),
        ({"scheduler": "asha", "options": {"grace_period": 0}}, "grace_period: .*1, got 0"),
        (
            {"scheduler": "median", "options": {"grace_period": 11}},
            "grace_period: expected at most the epochs of a trial, 10, got 11",
        ),
        (
            {"scheduler": "hyperband", "options": {"reduction_factor": 1}},
            "reduction_factor: .*2, got 1",
        ),
        ({"deduplicate": "some"}, "deduplicate: expected exact or canonical, got 'some'"),
        ({"trials": 0}, "trials: expected an integer from 1 or none, got 0"),
        ({"trials": True}, "trials: expected an integer from 1 or none, got 'true'"),
        (
            {"trials": 10**30},
            "trials: expected an integer from 1 to 100,000,000 or none, got 1e\\+30",
        ),
        ({"epochs": 10**30}, "epochs: expected an integer from 1 to 1,000,000, got 1e\\+30"),
        ({"gpus_per_trial": float("inf")}, "gpus_per_trial: expected a number from 0, got inf"),
        ({"name": "a\x1b[31m"}, "name: expected a plain name"),
        ({"name": "a" * 300}, "name: expected at most 200 bytes, got 300"),
        ({"epochs": 0}, "epochs: .*got 0"),
        ({"seed": -1}, "seed: .*got -1"),
        ({"seed": 2**63}, "seed: expected an integer from 0, at most 9,223,372,036,854,775,807"),
        ({"keep": 0}, "keep: .*got 0"),
        ({"concurrency": 0}, "concurrency: .*got 0"),
        ({"cpus_per_trial": 0}, "cpus_per_trial: expected a number above 0, got 0"),
        ({"gpus_per_trial": -1}, "gpus_per_trial: .*got -1"),
        ({"name": "a/b"}, "name: expected a plain name without '/', got 'a/b'"),
        ({"name": ".."}, "name: expected a plain name"),
        ({"name": "."}, "name: expected a plain name"),
    ],
)
def test_each_wrong_value_is_one_line_that_says_what_is_legal(values, expected):
    with pytest.raises(ValueError, match=expected) as error:
        make_config(**values)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("trials: [", "x.yaml is not YAML: "),
        ("- trials", r"x.yaml: expected options like `trials: 30`, got list"),
        ("trails: 3", "unknown option 'trails'"),
        ("options: [a]", "x.yaml: options: expected .*got"),
        ("trials: many", "trials: .*got 'many'"),
    ],
)
def test_a_broken_file_is_one_line(text, expected):
    with pytest.raises(ValueError, match=expected) as error:
        read_config(text, "x.yaml")
    assert "\n" not in str(error.value)


def test_numbers_are_numbers_however_they_were_written():
    config = make_config(
        strategy="evolution",
        options={"population": "9", "tournament": 3.0, "learning_rate": "1e-3"},
    )
    assert config.options["population"] == 9
    assert config.strategy_options.model_dump(include={"population", "tournament"}) == {
        "population": 9,
        "tournament": 3,
    }
    assert config.training.learning_rate == 1e-3


def test_run_yaml_knows_what_was_validated_on_and_when_it_was_started():
    begun, again = (datetime(2026, 1, day, tzinfo=UTC) for day in (2, 3))
    validation = ValidationCount(samples=360, largest_class=37)
    written = run_file(make_config(name="x"), "", validation, begun).to_yaml()
    read = parse_run_file(written, "run.yaml")
    assert (read.validation, read.started) == (validation, (begun,))
    resumed = parse_run_file(read.resumed(again, trials=99).to_yaml(), "run.yaml")
    assert (resumed.started, resumed.options["trials"]) == ((begun, again), 99)
    assert resumed.config().trials == 99


@pytest.mark.parametrize(
    "more",
    ["", "validation: 7\nstarted: 7\n", "validation: {samples: 0}\nstarted: [yesterday]\n",
     "validation:\nstarted: ['2026-01-02T03:04:05']\n"],
)  # fmt: skip
def test_an_older_run_yaml_or_one_that_was_changed_does_not_know(more):
    read = parse_run_file("trials: 3\n" + more, "run.yaml")
    assert (read.validation, read.started) == (None, ())
    assert read.resumed(datetime.now(UTC)).started == ()
