"""Each check of the contract of data fails for data that break what it demands."""

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from contract_cases import checks_of, run

from raynas.data import ArrayData, load_arrays
from raynas.options.data_options import DataOptions
from raynas.testing import DataContract


def rows(data_seed: int) -> ArrayData:
    return load_arrays("synthetic", DataOptions(data_seed=data_seed, limit=200))


def changed(data: ArrayData, part: str, split: str, new: Any) -> ArrayData:
    return replace(data, **{part: {**getattr(data, part), split: new}})


def overlaps(data_seed: int) -> ArrayData:
    data = rows(data_seed)
    new = data.inputs["test"].copy()
    new[0] = data.inputs["train"][5]
    return changed(data, "inputs", "test", new)


def validates_on_the_test(data_seed: int) -> ArrayData:
    data = rows(data_seed)
    same = changed(data, "inputs", "test", data.inputs["validation"])
    return changed(same, "labels", "test", data.labels["validation"])


def by_another_seed(data_seed: int) -> ArrayData:
    return rows(random.getrandbits(30))


def knows_no_seed(data_seed: int) -> ArrayData:
    return rows(0)


def one_class_more(data_seed: int) -> ArrayData:
    data = rows(data_seed)
    return changed(data, "labels", "test", data.labels["test"] + 1)


def a_class_never_trained(data_seed: int) -> ArrayData:
    return replace(rows(data_seed), label_names=("few", "many", "never"))


def labels_as_numbers(data_seed: int) -> ArrayData:
    data = rows(data_seed)
    return changed(data, "labels", "train", data.labels["train"].astype(np.float32))


def holes(data_seed: int) -> ArrayData:
    data = rows(data_seed)
    new = data.inputs["validation"].copy()
    new[3, 2] = np.nan
    return changed(data, "inputs", "validation", new)


def another_shape(data_seed: int) -> ArrayData:
    data = rows(data_seed)
    return changed(data, "inputs", "test", data.inputs["test"][:, :-1])


def normalised_by_something_else(data_seed: int) -> ArrayData:
    data = rows(data_seed)
    return replace(data, mean=data.mean + 0.2)


class ByChance(ArrayData):
    def fingerprint(self) -> str:
        return str(random.random())


def another_in_each_process(data_seed: int) -> ArrayData:
    return ByChance(**vars(rows(data_seed)))


class Shuffles(DataContract):
    """Draws what it validates on anew for each trial."""

    def batches(self, data: Any, split: str, seed: int = 0) -> Any:
        found = super().batches(data, split, seed)
        return [found[i] for i in np.random.default_rng(seed).permutation(len(found))]


class NeverShuffles(DataContract):
    def batches(self, data: Any, split: str, seed: int = 0) -> Any:
        return super().batches(data, split, 0)


DATA: list[tuple[Callable[[int], ArrayData], str, type[DataContract]]] = [
    (overlaps, "no_row_is_in_two_splits", DataContract),
    (validates_on_the_test, "no_row_is_in_two_splits", DataContract),
    (by_another_seed, "the_seed_alone_decides_the_split", DataContract),
    (knows_no_seed, "the_seed_alone_decides_the_split", DataContract),
    (one_class_more, "labels_are_in_range", DataContract),
    (a_class_never_trained, "labels_are_in_range", DataContract),
    (labels_as_numbers, "labels_are_in_range", DataContract),
    (holes, "batches_have_the_shapes_that_the_data_set_says", DataContract),
    (another_shape, "batches_have_the_shapes_that_the_data_set_says", DataContract),
    (normalised_by_something_else, "it_is_normalised_by_what_it_is_trained_on", DataContract),
    (another_in_each_process, "it_can_be_sent_to_workers", DataContract),
    (rows, "what_is_measured_on_comes_in_order_and_complete", Shuffles),
    (rows, "a_seed_fixes_the_order_of_training", NeverShuffles),
]


class TestRows(DataContract):
    def make(self, data_seed: int) -> ArrayData:
        return rows(data_seed)


@pytest.mark.parametrize(("make", "name", "suite"), DATA, ids=lambda v: getattr(v, "__name__", v))
def test_broken_data_are_caught(make: Any, name: str, suite: type[DataContract]) -> None:
    case = type("Case", (suite,), {"make": lambda self, data_seed: make(data_seed)})()

    def every_split() -> None:
        for split in ("train", "validation", "test"):
            run(case, name, split=split)

    with pytest.raises(AssertionError):
        every_split()


def test_every_check_has_something_that_it_catches() -> None:
    assert checks_of(DataContract) == {name for _, name, _ in DATA}


def test_what_is_not_said_is_asked_for() -> None:
    with pytest.raises(NotImplementedError, match="say in make"):
        DataContract().make(0)
