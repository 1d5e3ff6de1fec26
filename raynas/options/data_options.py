"""How a data set is read and divided."""

from pydantic import BaseModel, ConfigDict, Field, model_validator


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
