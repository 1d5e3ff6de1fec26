"""TensorBoard and MLflow follow a search, through a resume too."""

import struct
import sys
from pathlib import Path

import pytest
from run_cases import write_space

import raynas

OPTIONS = {"population": 2, "tournament": 2, "limit": 300, "batch_size": 64}


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


@pytest.mark.filterwarnings("ignore")  # mlflow's own
def test_both_follow_a_search_and_its_extension(ray_cluster, tmp_path, monkeypatch):
    from mlflow.tracking import MlflowClient

    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    run = raynas.search(
        write_space(tmp_path),
        trials=2,
        epochs=2,
        name="run",
        storage=str(tmp_path),
        logger=["tensorboard", "mlflow"],
        options=OPTIONS,
    )
    longer = raynas.resume(run.folder, trials=3)
    client = MlflowClient(tracking_uri=f"sqlite:///{run.folder}/mlflow.db")
    (experiment,) = [e for e in client.search_experiments() if e.name == "run"]
    logged = {r.info.run_name: r for r in client.search_runs([experiment.experiment_id])}
    assert set(logged) == set(longer.trials.trial_id)
    for trial in longer.trials.itertuples():
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


def test_files_need_a_local_folder(ray_cluster, tmp_path):
    with pytest.raises(ValueError, match=r"need a local --storage.*MLFLOW_TRACKING_URI"):
        raynas.search(
            write_space(tmp_path), storage=f"simplecache::file://{tmp_path}", logger=["tensorboard"]
        )


def test_without_mlflow_one_line_says_what_to_install(ray_cluster, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "mlflow", None)
    with pytest.raises(
        ValueError, match=r"logger mlflow needs a package: pip install 'raynas\[mlflow\]'"
    ):
        raynas.search(write_space(tmp_path), storage=str(tmp_path), logger=["mlflow"])
    assert not (tmp_path / "runs").exists()
