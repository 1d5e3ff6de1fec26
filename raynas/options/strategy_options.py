"""What every strategy takes, whatever it does with it."""

from typing import Literal

from pydantic import Field

from raynas.options.option_model import Options

Mode = Literal["max", "min"]

Deduplicate = Literal["exact", "canonical"]
"""Which architectures are duplicates: equal ones, or also cells that compute the same function."""


class SearchBasis(Options):
    """What a run and its strategy share."""

    metric: str = Field(
        "val_accuracy",
        description="What to optimise: val_accuracy, val_f1, val_loss, params, macs, latency_ms.",
    )
    seed: int = Field(
        0, ge=0, description="Decides the proposals, the initial weights and the batches."
    )
    deduplicate: Deduplicate = Field(
        "exact",
        description="What is not trained twice: an equal architecture (exact), or also a cell that "
        "computes the same function (canonical).",
    )


class StrategyOptions(SearchBasis):
    """The options of every strategy; a strategy's own model adds its own."""

    mode: Mode = Field("max", description="Which way the metric is better.")
    duplicates: bool = Field(
        False, description="Train an architecture again whenever it is proposed again."
    )

    @classmethod
    def own_fields(cls) -> list[str]:
        """List the options that a person sets for the strategy: all but what the run decides."""
        decided = {*SearchBasis.model_fields, "mode"}
        return [name for name in cls.model_fields if name not in decided]
