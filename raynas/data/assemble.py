"""From tables of rows to a data set with three splits."""

from typing import Any

import numpy as np
import numpy.typing as npt

from raynas.data.array_data import SPLITS, ArrayData, mean_and_std
from raynas.data.intake import Intake, listed, printable
from raynas.data.splits import Indices, draw_stratified, split_stratified
from raynas.options.data_options import DataOptions


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


def assemble(
    name: str,
    inputs: dict[str, npt.NDArray[Any]],
    labels: dict[str, Indices],
    label_names: tuple[str, ...],
    options: DataOptions,
    rng: np.random.Generator,
    intake: Intake,
) -> ArrayData:
    """Take what is missing of validation and test out of "train", and measure the training split.

    What nobody would expect of the splits goes to `intake`.

    Raises:
        ValueError: a split would be too small.
    """
    fractions = {"test": options.test_fraction, "validation": options.validation_fraction}
    missing = {split: part for split, part in fractions.items() if split not in labels}
    if missing:
        rows = split_stratified(labels["train"], missing, rng)
        inputs = {
            **inputs,
            **{split: inputs["train"][part_rows] for split, part_rows in rows.items()},
        }
        labels = {
            **labels,
            **{split: labels["train"][part_rows] for split, part_rows in rows.items()},
        }
    sizes = {split: len(labels[split]) for split in SPLITS}
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
    _warn_of_classes(labels, label_names, intake)
    mean, std = mean_and_std(inputs["train"])
    return ArrayData(
        name=name,
        inputs={split: np.ascontiguousarray(inputs[split]) for split in SPLITS},
        labels={split: labels[split].astype(np.int64) for split in SPLITS},
        label_names=label_names,
        mean=mean,
        std=std,
        intake=intake,
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
