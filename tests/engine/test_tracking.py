"""TensorBoard and MLflow follow a search, through a resume too."""

import os
import struct
import sys
from pathlib import Path

import pytest
from run_cases import write_space

import raynas

OPTIONS = {"population": 2, "tournament": 2, "limit": 300, "batch_size": 16}


def events(folder: Path) -> set[tuple[str, int]]:
    """Read what TensorBoard would draw: (tag, step) of each scalar."""
    from tensorboardX.proto.event_pb2 import Event

    found = set()
    for path in folder.glob("events.*"):
        data = path.read_bytes()
        while data:
            (length,) = struct.unpack("<Q", data[:8])
            event = Event.FromString(data[12 : 12 + length])
            found |= {(value.tag, event.step) for value in event.summary.value}
            data = data[16 + length :]
    return found


@pytest.fixture(scope="module")
def followed(ray_cluster, tmp_path_factory) -> tuple[raynas.Run, raynas.Run]:
    """A search with all loggers that was extended, and a retraining with one of Lightning's."""
    home = tmp_path_factory.mktemp("followed")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        run = raynas.search(
            write_space(home),
            strategy="evolution",
            trials=1,
            epochs=2,
            name="run",
            storage=str(home),
            logger=["tensorboard", "mlflow", "lightning-tensorboard", "lightning-mlflow"],
            options=OPTIONS,
        )
        longer = raynas.resume(run.folder, trials=2)
        assert "MLFLOW_TRACKING_URI" not in os.environ
        return longer, longer.retrain(epochs=2, logger=["lightning-tensorboard"])


def runs_of(run: raynas.Run):
    """Return MLflow's client, and its runs by name."""
    from mlflow.tracking import MlflowClient

    client = MlflowClient(tracking_uri=f"sqlite:///{run.folder}/mlflow.db")
    (experiment,) = [e for e in client.search_experiments() if e.name == run.config.name]
    return client, {r.info.run_name: r for r in client.search_runs([experiment.experiment_id])}


@pytest.mark.filterwarnings("ignore")  # mlflow's own
def test_rays_loggers_follow_a_search_and_its_extension(followed):
    run, _ = followed
    client, logged = runs_of(run)
    assert {name for name in logged if "/" not in name} == set(run.trials.trial_id)
    for trial in run.trials.itertuples():
        found = logged[trial.trial_id]
        assert found.info.status == "FINISHED"
        assert found.data.metrics["val_accuracy"] == pytest.approx(trial.val_accuracy)
        assert found.data.params["architecture_id"] == trial.architecture_id
        curve = client.get_metric_history(found.info.run_id, "val_loss")
        assert [(m.step, m.value) for m in curve] == [
            (epoch["epoch"], pytest.approx(epoch["val_loss"])) for epoch in trial.curve
        ]
        scalars = events(Path(run.folder) / "tensorboard" / trial.trial_id)
        assert {("ray/tune/val_accuracy", 1), ("ray/tune/val_accuracy", 2)} <= scalars
        assert not [tag for tag, _ in scalars if "curve" in tag]


@pytest.mark.filterwarnings("ignore")  # mlflow's own
def test_lightnings_loggers_see_the_steps_of_each_training(followed):
    run, _ = followed
    client, logged = runs_of(run)
    assert {name for name in logged if "/" in name} == {f"{n}/steps" for n in run.trials.trial_id}
    for trial in run.trials.itertuples():
        found = logged[f"{trial.trial_id}/steps"]
        assert found.info.status == "FINISHED"
        assert found.data.params["architecture"] == trial.description
        curve = client.get_metric_history(found.info.run_id, "val_loss")
        assert [m.value for m in curve] == [pytest.approx(e["val_loss"]) for e in trial.curve]
        last = max(m.step for m in curve)
        steps = client.get_metric_history(found.info.run_id, "train_loss_step")
        assert len(steps) == (last + 1) // 10
        scalars = events(Path(run.folder) / "tensorboard" / trial.trial_id / "steps")
        assert {("val_accuracy", last), ("train_loss_step", steps[0].step)} <= scalars
        assert [tag for tag, _ in scalars if tag.startswith("lr-")]


def test_a_retraining_may_have_other_loggers(followed):
    run, retrained = followed
    (trial,) = retrained.trials.trial_id
    folder = Path(retrained.folder)
    assert not (folder / "mlflow.db").exists()
    assert {"train_loss_step", "val_f1"} <= {
        tag for tag, _ in events(folder / "tensorboard" / trial / "steps")
    }
    assert not list((folder / "tensorboard" / trial).glob("events.*")), "Ray's were not wanted"
    with pytest.raises(ValueError, match=r"is a retraining with logger \['lightning-tens.*not"):
        run.retrain(epochs=2, logger=["mlflow"])


@pytest.mark.parametrize("logger", ["tensorboard", "lightning-tensorboard"])
def test_files_need_a_local_folder(ray_cluster, tmp_path, logger):
    with pytest.raises(ValueError, match=r"need a local --storage.*MLFLOW_TRACKING_URI"):
        raynas.search(
            write_space(tmp_path), storage=f"simplecache::file://{tmp_path}", logger=[logger]
        )


@pytest.mark.parametrize("logger", ["mlflow", "lightning-mlflow"])
def test_without_mlflow_one_line_says_what_to_install(ray_cluster, tmp_path, monkeypatch, logger):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(
        ValueError, match=r"logger mlflow needs a package: pip install 'raynas\[mlflow\]'"
    ):
        raynas.search(write_space(tmp_path), storage=str(tmp_path), logger=[logger])
    assert not (tmp_path / "runs").exists()
