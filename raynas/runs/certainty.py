"""How far an accuracy on so many samples can be trusted."""

import math

from pydantic import BaseModel, ConfigDict, Field

Z = 1.959964
"""Standard deviations of a normal distribution that hold 95 % of it."""


class ValidationCount(BaseModel):
    """The samples that networks are validated on: all, and those of the most frequent class."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    samples: int = Field(ge=1)
    largest_class: int = Field(ge=0)

    @property
    def majority(self) -> float:
        """The accuracy of always answering the most frequent class."""
        return self.largest_class / self.samples


def wilson(accuracy: float, samples: int) -> tuple[float, float]:
    """Return the 95 % interval of an accuracy (0 to 1) measured on so many independent samples.

    That of Wilson (1927, https://doi.org/10.1080/01621459.1927.10502953), right for few samples and
    near 0 and 1 too.
    """
    spread = Z * Z / samples
    middle = (accuracy + spread / 2) / (1 + spread)
    reach = math.sqrt(spread * (accuracy * (1 - accuracy) + spread / 4)) / (1 + spread)
    return max(0.0, middle - reach), min(1.0, middle + reach)


def certainty_words(accuracy: float, validation: ValidationCount) -> str:
    """Say what a validation accuracy may be, and whether it is more than the majority's."""
    low, high = wilson(accuracy, validation.samples)
    words = (
        f"A validation accuracy of {accuracy:.4f} on {validation.samples:,} samples has a 95 % "
        f"interval of {low:.4f} to {high:.4f} (Wilson); always answering the most frequent class "
        f"gives {validation.majority:.4f}"
    )
    if low <= validation.majority:
        return f"{words}, so nothing shows that the network has learned anything."
    return f"{words}."
