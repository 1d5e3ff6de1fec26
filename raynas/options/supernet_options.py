"""How a supernet is trained: the options of the strategy `darts`, and a supernet's trial."""

from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import Field, model_validator

from raynas.options.option_model import Options

Method = Literal["darts", "gdas", "pc-darts", "beta-darts", "darts-pt"]

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

ALPHAS_WAY = 3e-4 * 50 * 390
"""How far Adam can move an alpha in the paper's search: its learning rate times its steps."""

FASTEST_ALPHAS = 0.02
"""The largest learning rate of alphas that is chosen for few steps."""


class SupernetOptions(Options):
    """How a supernet learns: what the method does, then how weights and alphas are trained.

    Weights learn by SGD with a learning rate that falls on a half cosine, alphas by Adam with betas
    0.5 and 0.999.
    """

    method: Method = Field("beta-darts", description="Sets those of the next six that are not set.")
    order: Literal[1, 2] = Field(
        1, description="Order of the alphas' gradient; 2 looks one step of the weights ahead."
    )
    sampling: bool = Field(
        False,
        description="Sample one operation an edge (gdas: true) instead of mixing all, at a "
        "temperature that falls linearly.",
    )
    channels_part: int = Field(
        1, ge=1, description="Mixtures work on one part in so many of the channels (pc-darts: 4)."
    )
    beta_decay: float = Field(
        0.0,
        ge=0,
        description="Weight of the penalty on alphas in the last epoch; it grows from 0 "
        "(beta-darts: 5).",
    )
    selection: Literal["strength", "perturbation"] = Field(
        "strength",
        description="How operations are selected: by alphas, or edge by edge by what is missed "
        "most, after the search (darts-pt).",
    )
    alphas_from: float = Field(
        0.0, ge=0, lt=1, description="Share of the epochs before alphas move (pc-darts: 0.3)."
    )
    supernet_epochs: int = Field(50, ge=1, le=1_000_000, description="Epochs of the search.")
    supernet_batch_size: int = Field(
        64, ge=1, description="Samples of one step, from each half of the training split."
    )
    weights_learning_rate: float = Field(0.025, gt=0, description="The weights' at the start.")
    weights_last_learning_rate: float = Field(0.001, ge=0, description="The weights' at the end.")
    weights_momentum: float = Field(0.9, ge=0, lt=1, description="Momentum of the weights' SGD.")
    weights_decay: float = Field(3e-4, ge=0, description="L2 penalty on the weights.")
    weights_clip: float = Field(5.0, gt=0, description="Largest norm of the weights' gradient.")
    alphas_learning_rate: float | None = Field(
        None,
        gt=0,
        description="The alphas'; none lets them go as far as in the paper, in all steps.",
    )
    alphas_decay: float = Field(1e-3, ge=0, description="L2 penalty on the alphas.")
    first_temperature: float = Field(10.0, gt=0, description="Of sampling, in the first epoch.")
    last_temperature: float = Field(0.1, gt=0, description="Of sampling, in the last epoch.")
    tuning_epochs: int = Field(
        5, ge=0, le=1_000_000, description="Epochs after each edge that perturbation has decided."
    )

    @model_validator(mode="before")
    @classmethod
    def _of_the_method(cls, values: Any) -> Any:
        """Set what the method sets and nobody else does."""
        method = values.get("method", cls.model_fields["method"].default)
        method_options = METHODS.get(method, {}) if isinstance(method, str) else {}
        return {
            **method_options,
            **{
                name: v for name, v in values.items() if v is not None or name not in method_options
            },
        }

    @model_validator(mode="after")
    def _go_together(self) -> Self:
        if self.sampling and self.order == 2:
            raise ValueError("order: sampling (as in gdas) goes with order 1 only, got 2")
        if self.sampling and self.channels_part > 1:
            raise ValueError(
                "channels_part: sampling (as in gdas) goes with all channels only, got "
                f"{self.channels_part}"
            )
        return self

    def planned(self, mixtures: int) -> "SupernetPlan":
        """Return how a supernet of so many mixtures is trained."""
        tuning = mixtures * self.tuning_epochs if self.selection == "perturbation" else 0
        values = {name: getattr(self, name) for name in SupernetOptions.model_fields}
        return SupernetPlan(**values, all_epochs=self.supernet_epochs + tuning)


class SupernetPlan(SupernetOptions):
    """The training of one supernet: a search, then perhaps a selection by perturbation."""

    all_epochs: int = Field(ge=1, description="Epochs of the search and of the selection.")

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SupernetPlan":
        """Read one from a record; those of raynas before 0.2 had shorter names."""
        names = {"epochs": "supernet_epochs", "batch_size": "supernet_batch_size"}
        return cls(**{names.get(name, name): value for name, value in data.items()})

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
        share = min(1.0, epoch / max(1, self.supernet_epochs - 1))
        return self.first_temperature + share * (self.last_temperature - self.first_temperature)

    def beta(self, epoch: int) -> float:
        """Return the weight of the penalty on alphas in an epoch, from 0; it grows linearly."""
        return self.beta_decay * (epoch + 1) / self.supernet_epochs

    def moves_alphas(self, epoch: int) -> bool:
        """Whether alphas move in an epoch, from 0."""
        return self.alphas_from * self.supernet_epochs <= epoch < self.supernet_epochs
