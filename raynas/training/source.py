"""What trials need of a data set, whoever it comes from."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt
from pydantic import BaseModel, ConfigDict, Field, model_validator
from pytorch_lightning import LightningDataModule


class DataSource(Protocol):
    """A data set that was checked by the driver and can be sent to workers.

    `mean` and `std` (a number a channel or feature, in the units of the inputs) are what a
    candidate normalises its inputs with; None where the inputs come as the net wants them.
    """

    @property
    def name(self) -> str:
        """What the user called the data set."""

    @property
    def input_shape(self) -> tuple[int, ...]:
        """Shape of one sample: (channels, height, width) or (features,)."""

    @property
    def num_outputs(self) -> int:
        """How many classes there are."""

    @property
    def label_names(self) -> Sequence[str]:
        """The name of each class."""

    @property
    def mean(self) -> npt.NDArray[np.float32] | None:
        """Mean of each channel or feature over the training split."""

    @property
    def std(self) -> npt.NDArray[np.float32] | None:
        """Standard deviation of each channel or feature over the training split."""

    def summary(self) -> str:
        """Say in one line what the data set is."""

    def module(self, batch_size: int, seed: int) -> LightningDataModule:
        """Return the data module of one trial."""


class DataOptions(BaseModel):
    """How a data set is read and divided."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    label: str = Field("label", description="column of the labels in a Parquet file")
    image: str | None = Field(
        None, description="column of the images; by default the first that holds encoded images"
    )
    validation_fraction: float = Field(
        0.2, gt=0, lt=1, description="share of the rows for validation, unless it comes apart"
    )
    test_fraction: float = Field(
        0.2, gt=0, lt=1, description="share of the rows for the test, unless it comes apart"
    )
    limit: int | None = Field(
        None,
        ge=3,
        description="use at most so many rows (of the training file, before validation is taken "
        "from it; of the others the same share), drawn by class from the seed",
    )

    @model_validator(mode="after")
    def _leave_something_to_train_on(self) -> "DataOptions":
        if self.validation_fraction + self.test_fraction >= 1:
            raise ValueError(
                "validation_fraction and test_fraction must leave something to train on, got "
                f"{self.validation_fraction} and {self.test_fraction}"
            )
        return self
