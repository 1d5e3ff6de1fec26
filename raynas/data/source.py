"""What trials need of a data set, whoever it comes from."""

from collections.abc import Sequence
from typing import Protocol

import numpy as np
import numpy.typing as npt

from raynas.data.intake import Intake
from raynas.preparation import Preparation


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

    @property
    def intake(self) -> Intake:
        """What was left out, what is suspicious, and which options change nothing."""

    @property
    def preparation(self) -> Preparation:
        """How inputs are made of rows or photos as a person has them."""

    def summary(self) -> str:
        """Say in one line what the data set is."""

    def fingerprint(self) -> str:
        """Tell this data set from any other, in a few words; "" where that is not known."""


def first_line(error: BaseException) -> str:
    """Return the first line of what an error says, or its type where it says nothing."""
    return str(error).partition("\n")[0] or type(error).__name__
