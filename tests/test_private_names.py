"""What libraries keep private and raynas uses is still where its `…_private.py` files take it from.

By what it does where that is cheap, else by its name in the library's own files.
"""

import contextlib
import importlib
import inspect
import logging
import re
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import optuna
import pytest
import pytorch_lightning
import ray
import torch
from ray._private import services
from ray.train._internal.storage import StorageContext
from ray.train.backend import Backend
from ray.train.v2._internal.exceptions import (
    UserExceptionWithTraceback,
    WorkerHealthCheckFailedError,
)
from ray.train.v2._internal.execution.worker_group import WorkerGroup
from ray.train.v2.api.exceptions import WorkerGroupError
from ray.tune.execution import class_cache
from ray.tune.execution.tune_controller import TuneController
from ray.tune.experiment import Trial

from raynas.engine import ray_private
from raynas.engine.trials import ray_train_private
from raynas.networks.formats import quiet
from raynas.networks.torch_private import TRACES, quantized_operations
from raynas.space import Decision
from raynas.strategies import optuna_study
from raynas.training import lightning_private

RAY = Path(ray.__file__).parent


def stub_trial(**changes: Any) -> Trial:
    trial = Trial("stub", stub=True, config={"number": 0})
    for name, value in changes.items():
        setattr(trial, name, value)
    return trial


def test_rays_processes_are_started_in_sessions_of_their_own():
    code = [sys.executable, "-c", "import os; print(os.getpid() == os.getsid(0))"]
    answers = []
    this_machine = services.resolve_ip_for_localhost("127.0.0.1")
    for context in (
        ray_private.own_session(loopback=True, starts_within_s=1),
        contextlib.nullcontext(),
    ):
        with context as started:
            address = "127.0.0.1" if started is not None else this_machine
            assert services.resolve_ip_for_localhost("127.0.0.1") == address
            process = services.ConsolePopen(code, stdout=subprocess.PIPE, text=True)
        answers.append(process.communicate()[0].strip())
    assert answers == ["True", "False"]


def test_a_trial_of_tunes_holds_its_worker(monkeypatch):
    trial, killed = stub_trial(), []
    monkeypatch.setattr(ray, "kill", killed.append)
    ray_private.kill_worker(trial)
    assert killed == []
    trial.set_ray_actor(None)
    trial.temporary_state.ray_actor = "worker"
    ray_private.kill_worker(trial)
    assert killed == ["worker"]


def test_tune_takes_workers_that_are_there():
    class Trainable(ray.tune.Trainable):
        pass

    cache = class_cache._ActorClassCache()
    with ray_private.workers_that_are_there():
        assert cache.get(Trainable)._default_options.get("runtime_env") is None
        assert cache.get(Trainable) is cache.get(Trainable)
    usual = class_cache._ActorClassCache().get(Trainable)._default_options["runtime_env"]
    assert ray_private.NO_FORK.items() <= usual["env_vars"].items()


def test_a_trial_of_tunes_has_its_error_on_disk(ray_cluster, tmp_path):
    storage = StorageContext(str(tmp_path), "run", trial_dir_name="trial")
    trial = Trial("stub", stub=True, storage=storage)
    trial.init_local_path()
    assert ray_private.error_of(trial) is None
    trial.handle_error(ray.exceptions.ActorDiedError())
    assert isinstance(ray_private.error_of(trial), ray.exceptions.ActorDiedError)


def test_tunes_loop_knows_its_live_trials():
    assert callable(TuneController.get_live_trials)
    assert "self._trial_to_actor[trial] = " in inspect.getsource(TuneController)
    pending, running, starting = stub_trial(), stub_trial(status=Trial.RUNNING), stub_trial()
    loop = SimpleNamespace(
        get_live_trials=lambda: {pending, running, starting}, _trial_to_actor={starting: "worker"}
    )
    assert list(ray_private.pending_trials(loop)) == [pending]


def test_ray_train_names_what_its_workers_raised():
    cause = KeyError("x")
    health = WorkerHealthCheckFailedError("unhealthy", ConnectionError("gone"))
    failures = {0: UserExceptionWithTraceback(cause, "Traceback"), 1: health}
    error = WorkerGroupError("failed", failures)
    assert ray_train_private.worker_errors(error) == [cause, health]
    assert isinstance(ray_train_private.loss_of(health), ConnectionError)
    assert ray_train_private.worker_errors(ValueError()) == []


def test_ray_train_lets_a_backend_prepare_its_workers(monkeypatch):
    done: list[Any] = []
    config = ray_train_private.PreparedTorch()
    backend = config.backend_cls()
    parent = type(backend).__mro__[1]
    assert issubclass(parent, Backend)
    monkeypatch.setattr(parent, "on_start", lambda self, group, config: done.append("start"))
    backend.on_start(SimpleNamespace(execute=done.append), config)
    assert done == [config.prepare, "start"]
    assert callable(WorkerGroup.execute)


@pytest.mark.parametrize(
    ("files", "names"),
    [
        (("tune", "_private"), [*ray_private.QUIET]),
        (("train/v2",), [ray_train_private.GROUP_START_TIMEOUT]),
        (("exceptions.py",), [ray_private.IN_CREATION]),
        (("core/src/ray/raylet/raylet",), [ray_private.LOW_MEMORY]),
        (("core/src/ray/gcs/gcs_server",), [ray_private.NODE_DIED]),
        (("_raylet.so",), [ray_private.PRELOAD.removeprefix("RAY_"), ray_private.REFUSED]),
    ],
)
def test_rays_settings_and_words_are_still_in_its_files(files, names):
    for name in names:
        assert any(name.encode() in content for content in contents_of(files)), name


def contents_of(parts: Iterable[str]) -> Iterator[bytes]:
    for path in map(RAY.joinpath, parts):
        for file in path.rglob("*.py") if path.is_dir() else [path]:
            yield file.read_bytes()


def test_rays_control_store_says_what_its_autoscaler_knows(ray_cluster):
    reply = ray_private._status()
    assert reply.cluster_resource_state.node_states
    assert not reply.autoscaling_state.infeasible_gang_resource_requests
    assert not reply.cluster_resource_state.pending_gang_resource_requests
    assert not ray_private.autoscales()
    assert not ray_private.cannot_bring([{"CPU": 0.01}])


@pytest.mark.parametrize(
    "words",
    [
        "GPU available but not used. You can set it",
        "`isinstance(treespec, LeafSpec)` is deprecated",
        "The 'train_dataloader' does not have many workers which",
        "The number of training batches (3) is smaller than the logging interval",
        "You passed `Trainer(accelerator='cpu', precision='16-mixed')` but",
    ],
)
def test_lightnings_chatter_is_known(words):
    patterns = lightning_private.KNOWN_WARNINGS
    (pattern,) = (pattern for pattern in patterns if re.match(pattern, words))
    if "LeafSpec" not in words:  # that is PyTorch's own
        fixed = words.partition("train_dataloader")[2] or words.partition("(3)")[2] or words
        files = Path(pytorch_lightning.__file__).parent.rglob("*.py")
        assert any(fixed in file.read_text(encoding="utf-8") for file in files), pattern


@pytest.mark.parametrize("chatter", lightning_private.CHATTER)
def test_lightning_is_quiet(caplog, chatter):
    logger = logging.getLogger(chatter)
    rank_zero_info = getattr(importlib.import_module(chatter), "rank_zero_info")  # noqa: B009
    with lightning_private.quiet_lightning(), warnings.catch_warnings(record=True) as warned:
        rank_zero_info("tips")
        warnings.warn("GPU available but not used.", stacklevel=1)
    assert caplog.messages == []
    assert warned == []
    with caplog.at_level(logging.INFO, logger.name):
        rank_zero_info("tips")
    assert {record.name for record in caplog.records} <= {*lightning_private.CHATTER}
    assert caplog.records


@pytest.mark.parametrize("ordered", [True, False])
def test_optunas_trials_answer_with_our_distributions(ordered):
    decision = Decision("layers/0", (8, 16, 32), ordered=ordered)
    history = [optuna_study.trial([decision], {"layers/0": 1}, 0.5, {"generation": 0})]
    study = optuna_study.study(history, optuna.samplers.RandomSampler(seed=0))
    assert study.trials[0].system_attrs == {"generation": 0}
    asked = study.ask()
    pick = optuna_study.answer(asked, decision)
    assert pick in range(3)
    assert optuna_study.answer(asked, decision) == pick, "it is asked once"
    study._storage.set_trial_system_attr(asked._trial_id, "noted", 1)
    assert optuna_study.notes_of(study)["noted"] == 1


def test_torch_does_what_torchaos_graphs_say():
    scale, low, high = 0.5, -128, 127
    values = torch.tensor([-100.0, 0.2, 0.3, 7.0])
    operations = quantized_operations()
    by_name = {str(operation): function for operation, function in operations.items()}
    given = (scale, 1, low, high, torch.int8)
    whole = by_name["quantized_decomposed.quantize_per_tensor.default"](values, *given)
    assert whole.tolist() == [-128, 1, 2, 15]
    back = by_name["quantized_decomposed.dequantize_per_tensor.default"](whole, *given)
    assert back.tolist() == [-64.5, 0.0, 0.5, 7.0]
    channels = torch.tensor([[2], [2]], dtype=torch.int8)
    scales, zeros = torch.tensor([1.0, 0.5]), torch.tensor([0, 0])
    each = by_name["quantized_decomposed.dequantize_per_channel.default"]
    found = each(channels, scales, zeros, 0, low, high, torch.int8)
    assert found.flatten().tolist() == [2.0, 1.0]


def test_torchs_programs_say_where_they_come_from():
    net = torch.nn.Sequential(torch.nn.Linear(2, 2), torch.nn.ReLU())
    inputs = (torch.zeros(2, 2),)
    with quiet():
        traced = torch.export.export(net, inputs, strict=True)
        programs = traced, torch.export.export(traced.module(), inputs).run_decompositions({})
    nodes = (node for program in programs for node in program.graph.nodes)
    assert set(TRACES) <= {key for node in nodes for key in node.meta}
