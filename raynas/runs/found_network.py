"""What is known of a network that was found: the content of its architecture.json."""

from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from raynas.preparation import Preparation
from raynas.runs.certainty import ValidationCount
from raynas.space.decision import JSON

Metrics = dict[str, float]


class Said(BaseModel):
    """Base of what stands in a JSON file; what a newer raynas says besides is passed over."""

    model_config = ConfigDict(
        frozen=True, extra="ignore", populate_by_name=True, ser_json_inf_nan="constants"
    )

    @classmethod
    def read(cls, content: bytes, where: str) -> Any:
        """Read a file.

        Raises:
            ValueError: it is broken; one line says where.
        """
        try:
            return cls.model_validate_json(content)
        except ValidationError as error:
            first = error.errors()[0]
            place = "/".join(map(str, first["loc"])) or "it"
            raise ValueError(f"{where} is broken: {place}: {first['msg'].lower()}") from error

    def to_json(self) -> bytes:
        """Write it: all that was said."""
        return self.model_dump_json(indent=2, exclude_unset=True, by_alias=True).encode()


class MeasuredLatency(Said):
    """The milliseconds of one input: the median, and between which four fifths of the runs lie."""

    median: float
    low: float
    high: float


class Latencies(Said):
    """Those of the kept trials and of the fronts, by the trials' numbers."""

    device: str
    """What they were measured on: "cpu, 1 thread"."""
    trials: dict[int, MeasuredLatency] = Field(default_factory=dict)


class Origin(Said):
    """Where the one architecture of a retraining comes from: a trial of a search."""

    run: str
    number: int
    trials: int
    strategy: str
    picks: dict[str, int]
    searched: Metrics
    """What it had reached in the search."""


class Retrained(Said):
    """How a retraining went: for so many epochs, and what each seed reached (with its "seed")."""

    epochs: int
    seeds: list[dict[str, int | float]]


class Quantized(Said):
    """A network in 8 bits beside its program, and its validation accuracy before and after.

    `measured_on` is the processor on which; the kernels of another one may round otherwise.
    """

    file: str
    bytes: int
    val_accuracy: float
    val_accuracy_before: float
    measured_on: str = ""


class Exported(Said):
    """A network's program: its file, and how well it agrees with the network it is `taken_from`."""

    taken_from: str = Field(alias="from")
    format: str
    file: str
    bytes: int
    input_dtype: str
    largest_difference: float
    checked_batches: list[int]
    int8: Quantized | None = None


class FoundNetwork(Said):
    """A found network: which trial's, what was built, how it was trained, how good it is.

    `number` is the trial's of `trials` in `run`, `picks` are its own in that search. `test` is None
    where it was not measured on the test data. A retrained one says what the trial had reached when
    it was `searched`.
    """

    run: str
    trial_id: str
    number: int
    trials: int
    space: str
    strategy: str
    metric: str
    seed: int
    architecture_id: str
    architecture: JSON
    picks: dict[str, int]
    description: str
    metrics: Metrics
    test: Metrics | None
    training: dict[str, Any]
    data: str
    data_summary: str
    input_shape: tuple[int, ...]
    label_names: list[str]
    preparation: Preparation = Preparation()
    """How inputs are made of the rows or photos of the data set."""
    validation: ValidationCount | None = None
    """What its validation metrics were measured on; None where an older raynas did not say."""
    latency_ms: float | None = None
    """The median time of one input, measured after the search, when none of its trials trained."""
    latency_low: float | None = None
    latency_high: float | None = None
    """Between these two, in milliseconds, lie four fifths of the single measurements."""
    searched: Metrics | None = None
    retrained: Retrained | None = None
    exported: Exported | None = None

    def but(self, **changes: Any) -> "FoundNetwork":
        """Return the same with some fields changed or added."""
        return self.model_copy(update=changes)

    def from_origin(self, origin: Origin, retrained: Retrained) -> "FoundNetwork":
        """Return the network of a retraining, as one of the search that it comes from."""
        return self.but(**dict(origin), retrained=retrained)
