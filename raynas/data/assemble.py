"""From the rows of each part to a data set with three splits."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from raynas.data.array_data import SPLITS, ArrayData, mean_and_std
from raynas.data.intake import Intake, listed, printable
from raynas.data.splits import Indices, draw_stratified, split_stratified
from raynas.options.data_options import DataOptions
from raynas.preparation import Preparation


def limit_rows(
    labels: dict[str, Indices], limit: int | None, rng: np.random.Generator
) -> dict[str, Indices]:
    """Choose the rows to use of each part: at most `limit` of "train", of others the same share."""
    share = min(1.0, limit / max(1, len(labels["train"]))) if limit else 1.0
    return {
        part: np.arange(len(part_labels))
        if share == 1.0
        else draw_stratified(part_labels, max(1, round(share * len(part_labels))), rng)
        for part, part_labels in labels.items()
    }


class Division(NamedTuple):
    """Which rows of which part each split has: the part, and places among its chosen rows."""

    splits: dict[str, tuple[str, Indices]]

    @property
    def training(self) -> Indices:
        """The places of the rows that are trained on, among those chosen of "train"."""
        return self.splits["train"][1]

    def of(self, values: dict[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
        """Divide what there is of the chosen rows of each part."""
        return {split: values[part][rows] for split, (part, rows) in self.splits.items()}


def divide(
    name: str,
    labels: dict[str, Indices],
    options: DataOptions,
    rng: np.random.Generator,
    intake: Intake,
) -> Division:
    """Take what is missing of validation and test out of "train", by class.

    Options that say how, where nothing is missing, go to `intake`.

    Raises:
        ValueError: a split would be too small.
    """
    fractions = {"test": options.test_fraction, "validation": options.validation_fraction}
    missing = {split: part for split, part in fractions.items() if split not in labels}
    splits = {part: (part, np.arange(len(rows))) for part, rows in labels.items()}
    if missing:
        drawn = split_stratified(labels["train"], missing, rng)
        splits |= {split: ("train", rows) for split, rows in drawn.items()}
    sizes = {split: len(splits[split][1]) for split in SPLITS}
    if sizes["train"] < 2 or not all(sizes.values()):
        raise ValueError(
            f"{name} has too few rows: a training split needs two, validation and test one, got "
            f"{', '.join(f'{split} {size}' for split, size in sizes.items())}"
        )
    intake.idle |= {
        f"{split}_fraction": f"{name} comes with its {split} split"
        for split in fractions
        if split not in missing
    }
    return Division({split: splits[split] for split in SPLITS})


def assemble(
    name: str,
    inputs: dict[str, npt.NDArray[Any]],
    labels: dict[str, Indices],
    label_names: tuple[str, ...],
    division: Division,
    intake: Intake,
    preparation: Preparation,
) -> ArrayData:
    """Divide inputs and labels of the chosen rows of each part, and measure the training split.

    Classes that training lacks go to `intake`.
    """
    of_splits = division.of(inputs)
    numbers = {split: part.astype(np.int64) for split, part in division.of(labels).items()}
    _warn_of_classes(numbers, label_names, intake)
    mean, std = mean_and_std(of_splits["train"])
    return ArrayData(
        name=name,
        inputs={split: np.ascontiguousarray(of_splits[split]) for split in SPLITS},
        labels=numbers,
        label_names=label_names,
        mean=mean,
        std=std,
        intake=intake,
        preparation=preparation,
    )


def _warn_of_classes(
    labels: dict[str, Indices], label_names: tuple[str, ...], intake: Intake
) -> None:
    """Note the classes that nothing can learn, since the training split lacks them."""
    present = np.unique(labels["train"])
    lacking = np.setdiff1d(np.arange(len(label_names)), present)
    if len(lacking):
        elsewhere = [
            split for split in ("validation", "test") if np.isin(lacking, labels[split]).any()
        ]
        where = f"they are in {' and '.join(elsewhere)} only" if elsewhere else "limit drew no row"
        names = listed([printable(label_names[i]) for i in lacking])
        intake.warnings.append(
            f"training lacks {len(lacking):,} of {len(label_names):,} classes: {names} ({where})"
        )
