"""How a candidate is trained: every option with its default."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from raynas.options.option_model import Options

Precision = Literal["32-true", "bf16-mixed", "16-mixed"]


class Epochs(Options):
    """How long a candidate is trained."""

    epochs: int = Field(
        10,
        ge=1,
        le=1_000_000,
        description="How many epochs to train each candidate (a supernet: --set supernet_epochs).",
    )


class TrainingOptions(Epochs):
    """How a candidate is trained. An architecture may override it in its `training` record."""

    batch_size: int = Field(64, ge=1, description="Samples of one optimiser step.")
    optimizer: Literal["adam", "rmsprop", "sgd"] = Field("adam", description="The optimiser.")
    learning_rate: float = Field(1e-3, gt=0, description="Learning rate at the start.")
    momentum: float = Field(0.9, ge=0, lt=1, description="Momentum, of sgd only.")
    weight_decay: float = Field(0.0, ge=0, description="L2 penalty on the weights.")
    schedule: Literal["constant", "cosine"] = Field(
        "cosine", description="Learning rate over time; cosine ends at zero (Loshchilov 2017)."
    )
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="Share of the target spread over all classes; 0 is off."
    )
    gradient_clip: float | None = Field(
        None, gt=0, description="Largest norm of the gradient; none is unlimited."
    )
    precision: Precision = Field("32-true", description="Number format of the training.")

    @classmethod
    def own_fields(cls) -> list[str]:
        """List the options that are the training's alone: all but what the run says itself."""
        return [name for name in cls.model_fields if name not in Epochs.model_fields]

    def overridden_by(self, value: Any) -> "TrainingOptions":
        """Return the options with the `training` record of an architecture's value applied, if any.

        Raises:
            ValueError: the record has an unknown option or an illegal value.
        """
        record = training_record(value)
        if record is None:
            return self
        if not isinstance(record, Mapping):
            raise ValueError(f"training: expected a record of options, got {record!r}")
        unknown = [name for name in record if name not in type(self).model_fields]
        if unknown:
            raise ValueError(
                f"training/{unknown[0]}: unknown option; expected some of "
                f"{', '.join(type(self).model_fields)}"
            )
        try:
            return self.checked({**self.model_dump(), **record})
        except ValueError as error:
            raise ValueError(f"training/{error}") from error


def training_record(value: Any) -> Any:
    """Return what an architecture's value has as its `training` record; None where it has none."""
    return value.get("training") if isinstance(value, Mapping) else None


def check_shares(batch_size: int, workers: int, name: str = "batch_size") -> None:
    """Check that each worker gets as much of a batch, whose size is the option `name`.

    Raises:
        ValueError: it does not.
    """
    if batch_size % workers:
        raise ValueError(
            f"{name}: expected a multiple of the {workers} workers of a trial, got {batch_size}"
        )
