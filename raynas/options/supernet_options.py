"""How a supernet is trained: the options of the strategy `darts`, which has their defaults."""

from dataclasses import dataclass
from typing import Literal

from raynas.options.training_options import TrainingConfig

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]

ALPHAS_WAY = 3e-4 * 50 * 390
"""How far Adam can move an alpha in the paper's search: its learning rate times its steps."""

FASTEST_ALPHAS = 0.02
"""The largest learning rate of alphas that is chosen for few steps."""


@dataclass(frozen=True)
class SupernetConfig:
    """How a supernet is trained; what each means is told by `raynas.strategies.Darts`.

    The search takes `epochs`, a selection by perturbation comes after it, until `all_epochs`.
    """

    method: str
    order: Literal[1, 2]
    sampling: bool
    channels_part: int
    beta_decay: float
    selection: Literal["strength", "perturbation"]
    alphas_from: float
    epochs: int
    all_epochs: int
    batch_size: int
    weights_learning_rate: float
    weights_last_learning_rate: float
    weights_momentum: float
    weights_decay: float
    weights_clip: float
    alphas_learning_rate: float | None
    alphas_decay: float
    first_temperature: float
    last_temperature: float
    tuning_epochs: int

    def training(self, precision: Precision) -> TrainingConfig:
        """Return how the weights are trained, apart from the end of their schedule."""
        return TrainingConfig(
            epochs=self.all_epochs,
            batch_size=self.batch_size,
            optimizer="sgd",
            learning_rate=self.weights_learning_rate,
            momentum=self.weights_momentum,
            weight_decay=self.weights_decay,
            precision=precision,
        )

    def alphas_rate(self, steps: int) -> float:
        """Return the learning rate of alphas that move in so many steps.

        Unless it is set, alphas can go as far as in the paper (`ALPHAS_WAY`), however few the steps
        are: at the paper's 3e-4 a short search would end about where alphas began.
        """
        if self.alphas_learning_rate is not None:
            return self.alphas_learning_rate
        return min(FASTEST_ALPHAS, ALPHAS_WAY / max(1, steps))

    def temperature(self, epoch: int) -> float:
        """Return the temperature of sampling in an epoch, from 0; it falls linearly."""
        share = min(1.0, epoch / max(1, self.epochs - 1))
        return self.first_temperature + share * (self.last_temperature - self.first_temperature)

    def beta(self, epoch: int) -> float:
        """Return the weight of the penalty on alphas in an epoch, from 0; it grows linearly."""
        return self.beta_decay * (epoch + 1) / self.epochs

    def moves_alphas(self, epoch: int) -> bool:
        """Whether alphas move in an epoch, from 0."""
        return self.alphas_from * self.epochs <= epoch < self.epochs
