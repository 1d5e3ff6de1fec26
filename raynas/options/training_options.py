"""How a candidate is trained: every option with its default."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError


class TrainingConfig(BaseModel):
    """How a candidate is trained. An architecture may override it in its `training` record."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    epochs: int = Field(10, ge=1, description="passes over the training split")
    batch_size: int = Field(64, ge=1, description="samples of one optimiser step")
    optimizer: Literal["adam", "rmsprop", "sgd"] = Field("adam", description="optimiser")
    learning_rate: float = Field(1e-3, gt=0, description="learning rate at the start")
    momentum: float = Field(0.9, ge=0, lt=1, description="momentum, of sgd only")
    weight_decay: float = Field(0.0, ge=0, description="L2 penalty on the weights")
    schedule: Literal["constant", "cosine"] = Field(
        "cosine", description="learning rate over time; cosine ends at zero (Loshchilov 2017)"
    )
    label_smoothing: float = Field(
        0.0, ge=0, lt=1, description="share of the target spread over all classes; 0 is off"
    )
    gradient_clip: float | None = Field(
        None, gt=0, description="largest norm of the gradient; none is unlimited"
    )
    precision: Literal["32-true", "bf16-mixed", "16-mixed"] = Field(
        "32-true", description="number format of the training"
    )

    def overridden_by(self, value: Any) -> "TrainingConfig":
        """Return the config with the `training` record of an architecture's value applied, if any.

        Raises:
            ValueError: the record has an unknown option or an illegal value.
        """
        record = value.get("training") if isinstance(value, Mapping) else None
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
            return type(self).model_validate({**self.model_dump(), **record})
        except ValidationError as error:
            first = error.errors()[0]
            where = "/".join(str(step) for step in first["loc"])
            raise ValueError(
                f"training/{where}: {first['msg'].lower()}, got {first['input']!r}"
            ) from error
