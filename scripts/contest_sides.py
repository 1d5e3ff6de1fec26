"""The other sides of `bench_contest.py`, as those who know their tools would write them.

    python scripts/contest_sides.py SIDE OUTPUT.json DATA LABEL LIMIT SPACE EPOCHS MINUTES SEED

All share what is not theirs: the space (its decisions are suggested when the walk reaches them, an
ordered one as an integer, any other as a category), the data's split, and the network's builder.
They train with a bare loop: data normalised once and kept as tensors, fused Adam, cosine schedule,
one thread. Each writes when it found what, counted from its start, and the test accuracy of its
best network, measured once.

optuna           two processes that share a study in a journal file; TPE
optuna+halving   the same with Optuna's SuccessiveHalvingPruner
ray+asha         Ray Tune with OptunaSearch and ASHAScheduler, as Ray's documentation shows it
"""

import time

BEGUN = time.time()

import json  # noqa: E402 (all that is loaded counts)
import logging  # noqa: E402
import math  # noqa: E402
import multiprocessing  # noqa: E402
import sys  # noqa: E402
import tempfile  # noqa: E402
from collections.abc import Callable  # noqa: E402
from dataclasses import dataclass  # noqa: E402
from functools import partial  # noqa: E402
from pathlib import Path  # noqa: E402
from typing import Any  # noqa: E402

import optuna  # noqa: E402
import torch  # noqa: E402
from torch.nn import functional  # noqa: E402

from raynas.data import load_arrays  # noqa: E402
from raynas.nets import build_net  # noqa: E402
from raynas.options.data_options import DataOptions  # noqa: E402
from raynas.space import Decision, LoadedSpace, load_space  # noqa: E402

BATCH, RATE, REDUCTION = 64, 1e-3, 4
"""Batch size and learning rate of raynas' defaults; the share that halving promotes is one in 4."""


@dataclass
class Wanted:
    """What all sides are given."""

    data: str
    label: str
    limit: int | None
    space: str
    epochs: int
    minutes: float
    seed: int

    def over(self) -> bool:
        """Whether the time is up."""
        return time.time() - BEGUN > 60 * self.minutes


SPACES: dict[str, LoadedSpace] = {}


def space_of(name: str) -> LoadedSpace:
    """Load a space once a process."""
    if name not in SPACES:
        SPACES[name] = load_space(name)
    return SPACES[name]


def name_of(decision: Decision) -> str:
    """Return a decision's path without slashes, which mean something to Ray Tune."""
    return decision.path.replace("/", ".")


def suggested(trial: Any, space: str) -> Any:
    """Let a trial of Optuna's walk a space."""

    def pick(decision: Decision) -> int:
        name, count = name_of(decision), len(decision.options)
        if decision.ordered:
            return int(trial.suggest_int(name, 0, count - 1))
        return int(trial.suggest_categorical(name, list(range(count))))

    return space_of(space).space(pick)


def suggest(trial: Any, space: str) -> None:
    """Do the same as OptunaSearch wants it: it returns nothing, and can be pickled."""
    suggested(trial, space)


class Task:
    """The data as tensors, normalised once, and the space."""

    def __init__(self, wanted: Wanted) -> None:
        """Read both."""
        torch.set_num_threads(1)
        self.wanted = wanted
        options = DataOptions(label=wanted.label, limit=wanted.limit)
        self.data = load_arrays(wanted.data, options)
        shape = (-1,) + (1,) * (len(self.data.input_shape) - 1)
        mean, std = (torch.tensor(part).reshape(shape) for part in (self.data.mean, self.data.std))
        self.x = {s: (torch.tensor(a).float() - mean) / std for s, a in self.data.inputs.items()}
        self.y = {s: torch.tensor(a) for s, a in self.data.labels.items()}

    def train(self, value: Any, report: Callable[[int, float], bool]) -> Any:
        """Train a network; `report` is told each epoch's accuracy, and whether to go on."""
        wanted, x, y = self.wanted, self.x["train"], self.y["train"]
        net = self.build(value)
        optimizer = torch.optim.Adam(net.parameters(), RATE, fused=True)
        steps = wanted.epochs * math.ceil(len(y) / BATCH)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
        for epoch in range(1, wanted.epochs + 1):
            net.train()
            order = torch.randperm(len(y))
            for rows in order.split(BATCH):
                loss = functional.cross_entropy(net(x[rows]), y[rows])
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
                schedule.step()
            if not report(epoch, self.accuracy(net, "validation")):
                return None
        return net

    def build(self, value: Any) -> Any:
        """Build a network."""
        build = space_of(self.wanted.space).build
        return build_net(build, value, self.data.input_shape, self.data.num_outputs)

    def accuracy(self, net: Any, split: str) -> float:
        """Return the share of a split that a network gets right."""
        net.eval()
        with torch.no_grad():
            right = sum(
                int((net(x).argmax(1) == y).sum())
                for x, y in zip(self.x[split].split(512), self.y[split].split(512), strict=True)
            )
        return right / len(self.y[split])


def write(
    path: str, when: list[tuple[float, float]], trials: int, epochs: int, test: float
) -> None:
    """Write what a side has come to.

    `when` has seconds since its start, and the validation accuracy of a trial trained in full.
    """
    found = {"when": sorted(when), "trials": trials, "epochs": epochs, "test": test}
    Path(path).write_text(json.dumps(found))


def _optuna_worker(task: Task, journal: str, halving: bool, number: int, results: str) -> None:
    """Train trial after trial of a shared study until the time is up."""
    wanted = task.wanted
    torch.manual_seed(1000 * wanted.seed + number)
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    backend = optuna.storages.journal.JournalFileBackend(journal)
    pruner: optuna.pruners.BasePruner = optuna.pruners.NopPruner()
    if halving:
        pruner = optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=REDUCTION)
    study = optuna.create_study(
        study_name="contest",
        storage=optuna.storages.JournalStorage(backend),
        direction="maximize",
        sampler=optuna.samplers.TPESampler(seed=1000 * wanted.seed + number, constant_liar=True),
        pruner=pruner,
        load_if_exists=True,
    )
    best, epochs, trials = -1.0, 0, 0
    when: list[tuple[float, float]] = []
    while not wanted.over():
        trial = study.ask()
        last = 0.0

        def report(epoch: int, accuracy: float, trial: Any = trial) -> bool:
            nonlocal last, epochs
            last, epochs = accuracy, epochs + 1
            if halving and epoch < wanted.epochs:
                trial.report(accuracy, epoch)
                if trial.should_prune():
                    return False
            return not wanted.over()

        value = suggested(trial, wanted.space)
        net = task.train(value, report)
        trials += 1
        if net is None:
            study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            continue
        study.tell(trial, last)
        when.append((time.time() - BEGUN, last))
        if last > best:
            best = last
            torch.save(net.state_dict(), f"{results}/{number}.pt")
            Path(f"{results}/{number}.json").write_text(json.dumps(value))
    Path(f"{results}/{number}.found").write_text(json.dumps([best, when, trials, epochs]))


def with_optuna(wanted: Wanted, halving: bool, output: str) -> None:
    """Search with two processes of Optuna's."""
    task = Task(wanted)
    with tempfile.TemporaryDirectory() as folder:
        forked = multiprocessing.get_context("fork")
        workers = [
            forked.Process(
                target=_optuna_worker, args=(task, f"{folder}/journal", halving, n, folder)
            )
            for n in range(2)
        ]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
        read = [json.loads(Path(f"{folder}/{n}.found").read_text()) for n in range(2)]
        first = max(range(2), key=lambda n: read[n][0])
        value = json.loads(Path(f"{folder}/{first}.json").read_text())
        net = task.build(value)
        net.load_state_dict(torch.load(f"{folder}/{first}.pt"))
        when = [tuple(one) for found in read for one in found[1]]
        trials, epochs = (sum(found[place] for found in read) for place in (2, 3))
        write(output, when, trials, epochs, task.accuracy(net, "test"))


def _ray_trial(config: dict[str, Any], task: Any, folder: str) -> None:
    """Train one of Ray Tune's trials."""
    from ray import tune

    torch.set_num_threads(1)
    value = space_of(task.wanted.space).space(lambda decision: config[name_of(decision)])

    def report(epoch: int, accuracy: float) -> bool:
        if epoch < task.wanted.epochs:
            tune.report({"accuracy": accuracy, "epoch": epoch})
        else:
            last.append(accuracy)
        return True

    last: list[float] = []
    net = task.train(value, report)
    name = tune.get_context().get_trial_id()
    torch.save((value, net.state_dict()), f"{folder}/{name}.pt")
    tune.report({"accuracy": last[0], "epoch": task.wanted.epochs})


def with_ray(wanted: Wanted, output: str) -> None:
    """Search with Ray Tune, OptunaSearch and ASHA."""
    import ray
    from ray import tune
    from ray.tune.schedulers import ASHAScheduler
    from ray.tune.search.optuna import OptunaSearch

    ray.init(include_dashboard=False, logging_level=logging.ERROR)
    task = Task(wanted)
    with tempfile.TemporaryDirectory() as folder:
        left = 60 * wanted.minutes - (time.time() - BEGUN)
        results = tune.Tuner(
            tune.with_parameters(_ray_trial, task=task, folder=folder),
            tune_config=tune.TuneConfig(
                metric="accuracy",
                mode="max",
                num_samples=-1,
                time_budget_s=left,
                search_alg=OptunaSearch(
                    partial(suggest, space=wanted.space),
                    metric="accuracy",
                    mode="max",
                    seed=wanted.seed,
                ),
                scheduler=ASHAScheduler(
                    time_attr="epoch",
                    max_t=wanted.epochs,
                    grace_period=1,
                    reduction_factor=REDUCTION,
                ),
                reuse_actors=True,
            ),
            run_config=tune.RunConfig(storage_path=folder, verbose=0),
        ).fit()
        ended = [results[place].metrics for place in range(len(results))]
        frames = [metrics for metrics in ended if metrics and "accuracy" in metrics]
        full = [m for m in frames if m["epoch"] == wanted.epochs]
        best = max(full, key=lambda m: m["accuracy"])
        value, weights = torch.load(f"{folder}/{best['trial_id']}.pt")
        net = task.build(value)
        net.load_state_dict(weights)
        when = [(m["timestamp"] - BEGUN, m["accuracy"]) for m in full]
        epochs = sum(m["epoch"] for m in frames)
        write(output, when, len(frames), epochs, task.accuracy(net, "test"))


if __name__ == "__main__":
    side, output, data, label, limit, space, epochs, minutes, seed = sys.argv[1:]
    asked = Wanted(data, label, int(limit) or None, space, int(epochs), float(minutes), int(seed))
    if side == "ray+asha":
        with_ray(asked, output)
    else:
        with_optuna(asked, side.endswith("halving"), output)
