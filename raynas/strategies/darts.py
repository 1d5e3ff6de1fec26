"""Differentiable search: one net that holds the whole space, and the architecture it comes to."""

from typing import Any, ClassVar, Literal

import numpy as np

from raynas.space import Space
from raynas.space.relaxation import mixtures, relax
from raynas.strategies.base import Mode, Strategy
from raynas.strategies.checks import check_count
from raynas.strategies.duplicates import Deduplicate
from raynas.strategies.proposal import Proposal

METHODS: dict[str, dict[str, Any]] = {
    "darts": {},
    "gdas": {"sampling": True},
    "pc-darts": {"channels_part": 4, "alphas_from": 0.3},
    "beta-darts": {"beta_decay": 5.0},
    "darts-pt": {"selection": "perturbation"},
}
"""What each method sets, unless the option itself is set:

- darts: Liu 2019, https://arxiv.org/abs/1806.09055
- gdas: one hard Gumbel sample an edge; Dong & Yang 2019, https://arxiv.org/abs/1910.04465
- pc-darts: partial channels; Xu 2020, https://arxiv.org/abs/1907.05737
- beta-darts: a penalty on large alphas against collapse; Ye 2022, https://arxiv.org/abs/2203.01665.
  The paper's weight is 50. There it is balanced by what is learnt only where all alphas are nearly
  equal, and after few steps their order is chance.
- darts-pt: selection by perturbation; Wang 2021, https://arxiv.org/abs/2108.04392
"""

Method = Literal["darts", "gdas", "pc-darts", "beta-darts", "darts-pt"]


class Darts(Strategy):
    """Trains a supernet, then the architecture that it derives (Liu 2019, arXiv:1806.09055).

    A supernet is one trial, the derived architecture the next one, trained from scratch as any
    other; further trials are such pairs with other seeds. An architecture that was derived before
    is not trained again. A supernet without room for the trial of its architecture is not started.
    """

    trains_supernets: ClassVar[bool] = True
    EXHAUSTED: ClassVar[str] = (
        "After {done} trials, those left are too few for one more supernet and its architecture."
    )

    def __init__(
        self,
        space: Space,
        *,
        metric: str = "val_accuracy",
        mode: Mode = "max",
        seed: int = 0,
        duplicates: bool = False,
        deduplicate: Deduplicate = "exact",
        method: Method = "beta-darts",
        order: Literal[1, 2] = 1,
        sampling: bool | None = None,
        channels_part: int | None = None,
        beta_decay: float | None = None,
        selection: Literal["strength", "perturbation"] | None = None,
        alphas_from: float | None = None,
        supernet_epochs: int = 50,
        supernet_batch_size: int = 64,
        weights_learning_rate: float = 0.025,
        weights_last_learning_rate: float = 0.001,
        weights_momentum: float = 0.9,
        weights_decay: float = 3e-4,
        weights_clip: float = 5.0,
        alphas_learning_rate: float | None = None,
        alphas_decay: float = 1e-3,
        first_temperature: float = 10.0,
        last_temperature: float = 0.1,
        tuning_epochs: int = 5,
    ) -> None:
        """Take the options; None is what the `method` says (see `METHODS`), else off.

        How alphas learn: `order` of their gradient, 2 looks one step of the weights ahead;
        `sampling` one operation an edge (GDAS) instead of mixing all, at a temperature that falls
        linearly; `channels_part` K: mixtures work on one part in K of the channels; `beta_decay` is
        the weight of the penalty in the last epoch, it grows from 0; `alphas_from` is the share of
        the epochs before alphas begin to move; `selection` by perturbation decides edge by edge
        after the epochs of the search, with `tuning_epochs` more after each edge.

        How it is trained: weights by SGD, clipped at the norm `weights_clip`, with a learning rate
        that falls on a half cosine; alphas by Adam with betas 0.5 and 0.999. `alphas_learning_rate`
        None: as `SupernetConfig.alphas_rate` says, 3e-4 for as many steps as in the paper.

        Raises:
            ValueError: an option is out of its range.
        """
        super().__init__(
            space,
            metric=metric,
            mode=mode,
            seed=seed,
            duplicates=duplicates,
            deduplicate=deduplicate,
        )
        if method not in METHODS:
            raise ValueError(f"method: expected one of {', '.join(METHODS)}, got {method!r}")
        own: dict[str, Any] = {
            "sampling": sampling,
            "channels_part": channels_part,
            "beta_decay": beta_decay,
            "selection": selection,
            "alphas_from": alphas_from,
        }
        off = {
            "sampling": False,
            "channels_part": 1,
            "beta_decay": 0.0,
            "selection": "strength",
            "alphas_from": 0.0,
        }
        given = {name: value for name, value in own.items() if value is not None}
        self.settings: dict[str, Any] = {
            "method": method,
            "order": order,
            **{**off, **METHODS[method], **given},
            "epochs": supernet_epochs,
            "batch_size": supernet_batch_size,
            "weights_learning_rate": weights_learning_rate,
            "weights_last_learning_rate": weights_last_learning_rate,
            "weights_momentum": weights_momentum,
            "weights_decay": weights_decay,
            "weights_clip": weights_clip,
            "alphas_learning_rate": alphas_learning_rate,
            "alphas_decay": alphas_decay,
            "first_temperature": first_temperature,
            "last_temperature": last_temperature,
            "tuning_epochs": tuning_epochs,
        }
        _check(self.settings)

    def check_space(self) -> None:
        """Raise ValueError where the space cannot be relaxed."""
        relax(self.space, channels_part=self.settings["channels_part"])

    def propose(self, rng: np.random.Generator) -> Proposal | None:
        """Propose what a supernet derived, else one more supernet, where there is room for both."""
        pending = self.pending.values()
        for evaluation in self.history:
            derived = evaluation.derived
            if derived is not None and self.is_new(derived):
                return Proposal(derived, parents=(evaluation.number,))
        supernets = sum(proposal.supernet is not None for proposal in pending)
        if self.room is not None and self.room - supernets < 2:
            self.exhausted = not pending
            return None
        relaxed = relax(self.space, channels_part=self.settings["channels_part"])
        tuning = len(list(mixtures(relaxed.value))) * self.settings["tuning_epochs"]
        perturbs = self.settings["selection"] == "perturbation"
        all_epochs = self.settings["epochs"] + (tuning if perturbs else 0)
        return Proposal(relaxed, supernet={**self.settings, "all_epochs": all_epochs})


def _check(settings: dict[str, Any]) -> None:
    """Raise ValueError for the first setting that is out of its range."""
    if settings["order"] not in (1, 2):
        raise ValueError(f"order: expected 1 or 2, got {settings['order']!r}")
    if settings["order"] == 2 and settings["sampling"]:
        raise ValueError("order: sampling (as in gdas) goes with order 1 only, got 2")
    if settings["selection"] not in ("strength", "perturbation"):
        raise ValueError(
            f"selection: expected strength or perturbation, got {settings['selection']!r}"
        )
    check_count(
        channels_part=settings["channels_part"],
        supernet_epochs=settings["epochs"],
        supernet_batch_size=settings["batch_size"],
    )
    for name in ("alphas_from", "weights_momentum"):
        if not 0 <= settings[name] < 1:
            raise ValueError(f"{name}: expected a number from 0 to below 1, got {settings[name]!r}")
    for name in ("beta_decay", "weights_decay", "alphas_decay", "weights_last_learning_rate"):
        if settings[name] < 0:
            raise ValueError(f"{name}: expected a number from 0, got {settings[name]!r}")
    for name in (
        "weights_learning_rate", "weights_clip", "alphas_learning_rate", "first_temperature",
        "last_temperature",
    ):  # fmt: skip
        if settings[name] is not None and settings[name] <= 0:
            raise ValueError(f"{name}: expected a number above 0, got {settings[name]!r}")
    if settings["tuning_epochs"] < 0:
        raise ValueError(
            f"tuning_epochs: expected an integer from 0, got {settings['tuning_epochs']!r}"
        )
