"""How a data set is read and divided."""

from typing import Any

from pydantic import Field, field_validator, model_validator

from raynas.options.option_model import Options


class DataOptions(Options):
    """How a data set is read and divided."""

    label: str = Field("label", description="Column of the labels in a table.")
    image: str | None = Field(
        None, description="Column of the images; none is the first that holds encoded images."
    )
    image_size: int | None = Field(
        None,
        ge=1,
        le=4096,
        description="Resize images to squares of so many pixels; none keeps a size that all have, "
        "up to 256, and makes others as large as most of them, up to 64.",
    )
    features: list[str] | None = Field(
        None, description="Columns to learn from, as [a, b] or a,b; none is all that can be used."
    )
    drop: list[str] = Field([], description="Columns to leave out, as [a, b] or a,b.")
    validation_fraction: float = Field(
        0.2, gt=0, lt=1, description="Share of the rows for validation, unless it comes apart."
    )
    test_fraction: float = Field(
        0.2, gt=0, lt=1, description="Share of the rows for the test, unless it comes apart."
    )
    limit: int | None = Field(
        None,
        ge=3,
        description="Use at most so many rows (of the training file, before validation is taken "
        "from it; of the others the same share), drawn by class; none is all.",
    )
    data_seed: int = Field(
        0,
        ge=0,
        description="Decides which rows are for training, validation and test: runs of other seeds "
        "share them.",
    )

    @field_validator("features", "drop", mode="before")
    @classmethod
    def _several(cls, value: Any) -> Any:
        """Take one name, or names with commas between them, for a list."""
        if isinstance(value, str):
            return [name.strip() for name in value.split(",") if name.strip()]
        names = value if isinstance(value, list | tuple) else [value]
        plain = all(isinstance(name, str | int | float) for name in names)
        return [str(name) for name in names] if value is not None and plain else value

    @model_validator(mode="after")
    def _leave_something_to_train_on(self) -> "DataOptions":
        if self.validation_fraction + self.test_fraction >= 1:
            raise ValueError(
                "validation_fraction and test_fraction must leave something to train on, got "
                f"{self.validation_fraction} and {self.test_fraction}"
            )
        return self
