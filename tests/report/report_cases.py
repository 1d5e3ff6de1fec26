"""What reports are tested with: made-up records of any size, and what is known about them."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from raynas.options.run_options import RunOptions
from raynas.options.supernet_options import SupernetOptions
from raynas.report.facts.facts import Facts
from raynas.runs.certainty import ValidationCount
from raynas.runs.found_network import FoundNetwork, Latencies, Origin
from raynas.runs.trial import Trial
from raynas.space import Architecture, Cell, Choice, Record, Repeat, sample
from raynas.space.relaxation import mixtures, relax
from raynas.strategies import Proposal

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)

SPACE = Record(
    layers=Repeat(
        Record(
            type="conv",
            filters=Choice([8, 16, 32, 64], ordered=True),
            kernel=Choice([3, 5], ordered=True),
            activation=Choice(["relu", "tanh", "linear"]),
        ),
        1,
        3,
    )
)


def score_of(architecture: Architecture, rng: np.random.Generator) -> float:
    """An accuracy in which the first activation matters most, then the number of layers."""
    layers = architecture.value["layers"]
    good = {"relu": 0.2, "tanh": 0.1, "linear": 0.0}[layers[0]["activation"]]
    return 0.6 + good + 0.04 * len(layers) + 0.01 * float(rng.standard_normal())


def trial(
    number: int,
    architecture: Architecture | None = None,
    *,
    accuracy: float | None = 0.9,
    status: str = "completed",
    error: str | None = None,
    parents: Iterable[int] = (),
    notes: dict[str, Any] | None = None,
    epochs: int = 3,
    **metrics: float,
) -> Trial:
    """Make up a finished trial; trials take a second, two at a time."""
    architecture = architecture or sample(SPACE, np.random.default_rng(number))
    known = {"val_accuracy": accuracy, "val_loss": None if accuracy is None else 1 - accuracy}
    costs = {"params": 1000.0 + 37 * number % 997, "macs": 9000.0 + 41 * number % 991}
    every = {k: v for k, v in {**known, **costs, **metrics}.items() if v is not None}
    started = START + timedelta(seconds=number // 2)
    return Trial(
        trial_id=f"run_{number:05d}",
        proposal=Proposal(architecture, tuple(parents), number, (), notes or {}),
        status=status,
        error=error,
        epochs=epochs,
        train_seconds=1.0,
        started_at=started,
        finished_at=started + timedelta(seconds=1),
        node="here",
        metrics={} if status == "failed" else every,
        curve=[
            {"epoch": e, "train_loss": 1 / e, "val_accuracy": (accuracy or 0) * e / epochs}
            for e in range(1, epochs + 1)
        ],
    )


def random_trials(count: int, notes: Callable[[int], dict[str, Any]] | None = None) -> list[Trial]:
    rng = np.random.default_rng(0)
    found = []
    for number in range(count):
        architecture = sample(SPACE, rng)
        noted = notes(number) if notes else {}
        accuracy = score_of(architecture, rng)
        found.append(trial(number, architecture, accuracy=accuracy, notes=noted))
    return found


def facts(
    record: list[Trial],
    *,
    state: str = "finished",
    best: Any = None,
    origin: Any = None,
    others: tuple[Facts, ...] = (),
    validation: ValidationCount | None = None,
    started: Iterable[datetime] = (),
    latencies: Latencies | None = None,
    **config: Any,
) -> Facts:
    return Facts(
        config=RunOptions(
            **{"name": "run", "scheduler": "none", "trials": len(record) or 1, **config}
        ),
        versions={"raynas": "0.1.0"},
        space_source='"""Chains."""',
        uri="runs/run",
        command="raynas",
        state=state,
        written_at=START,
        trials=record,
        best=best,
        origin=origin,
        others=others,
        validation=validation,
        latencies=latencies,
        started=tuple(started),
    )


def network(**known: Any) -> FoundNetwork:
    """What is known of a network that was found."""
    usual = {
        "run": "run", "trial_id": "run_00000", "number": 0, "trials": 5, "space": "chain_cnn",
        "strategy": "random", "metric": "val_accuracy", "seed": 0, "architecture_id": "0",
        "architecture": {}, "picks": {}, "description": "a net", "metrics": {}, "test": None,
        "training": {}, "data": "digits", "data_summary": "some digits", "input_shape": (1, 8, 8),
        "label_names": ["0", "1"],
    }  # fmt: skip
    return FoundNetwork(**{**usual, **known})


def origin() -> Origin:
    """Where a retraining comes from."""
    return Origin(run="found", number=7, trials=9, strategy="random", picks={}, searched={})


def evolution_trials(count: int) -> list[Trial]:
    """Each after the tenth descends from the one ten before it."""
    return [
        replace(one, proposal=replace(one.proposal, parents=(n - 10,) if n >= 10 else ()))
        for n, one in enumerate(random_trials(count))
    ]


def darts_trials() -> list[Trial]:
    """A supernet of cells whose alphas move, with what it and others derived."""
    space = Record(cell=Cell(["none", "skip_connect", "nor_conv_3x3"], 3))
    relaxed = relax(space)
    derived = sample(space, np.random.default_rng(0))
    curve = [
        {
            "epoch": epoch,
            "supernet_train_accuracy": 0.1 * epoch,
            "supernet_val_accuracy": 0.09 * epoch,
            "alpha_entropy": 1 - 0.1 * epoch,
            "skips": 1.0,
            "nones": 2.0,
            "strengths": {
                mixture["path"]: [0.3, 0.3 - 0.02 * epoch, 0.4 + 0.02 * epoch]
                for mixture in mixtures(relaxed.value)
            },
            "architecture": derived.value,
        }
        for epoch in range(1, 9)
    ]
    supernet = trial(0, relaxed, accuracy=None, notes={"warnings": ["it <collapses>"]}, epochs=8)
    supernet = replace(
        supernet,
        proposal=replace(supernet.proposal, supernet=SupernetOptions(supernet_epochs=8).planned(3)),
        metrics={"supernet_val_accuracy": 0.72, "supernet_params": 1234.0},
        curve=curve,
        derived=derived,
    )
    rng = np.random.default_rng(1)
    others = [
        trial(n, one, accuracy=0.6 + 0.1 * one.picks["cell/nodes/2/0/op"] + 0.01 * rng.random())
        for n in range(3, 53, 2)
        for one in [sample(space, rng)]
    ]
    return [supernet, trial(1, derived, parents=(0,)), *others]


def records() -> dict[str, tuple[Facts, list[str]]]:
    """Return a record a strategy with its notes, and the sections that its report must have."""

    def pnas(n: int) -> dict[str, Any]:
        predicted = None if n < 10 else n / 30
        return {
            "level": n // 10,
            "predicted": predicted,
            "rank_correlations": [None, 0.5][: n // 10],
        }

    def bayesian(n: int) -> dict[str, Any]:
        return {} if n < 8 else {"predicted": 0.7 + n / 300, "interval": [0.6 + n / 300, 0.9]}

    common = ["progress", "fronts", "decisions"]
    return {
        "random": (facts(random_trials(30), strategy="random"), common),
        "evolution": (facts(evolution_trials(30), strategy="evolution"), [*common, "ancestry"]),
        "pnas": (facts(random_trials(30, pnas), strategy="pnas"), [*common, "predictor"]),
        "bayesian": (
            facts(random_trials(30, bayesian), strategy="bayesian"), [*common, "predictor"],
        ),
        "reinforce": (
            facts(random_trials(30, lambda n: {"entropy": 9 - n / 10, "baseline": 0.5 + n / 100}),
                  strategy="reinforce"),
            [*common, "controller"],
        ),
        "darts": (facts(darts_trials(), strategy="darts"), [*common, "alphas"]),
    }  # fmt: skip
