import numpy as np
import pytest

from raynas.data.splits import draw_stratified, split_stratified

LABELS = np.repeat([0, 1, 2], [600, 300, 100])
FRACTIONS = {"test": 0.2, "validation": 0.1}


def test_splits_are_disjoint_and_use_every_row():
    splits = split_stratified(LABELS, FRACTIONS, np.random.default_rng(0))
    assert sorted(np.concatenate(list(splits.values()))) == list(range(1000))
    assert {split: len(rows) for split, rows in splits.items()} == {
        "train": 700,
        "test": 200,
        "validation": 100,
    }


def test_each_split_has_the_same_share_of_each_class():
    splits = split_stratified(LABELS, FRACTIONS, np.random.default_rng(0))
    for rows in splits.values():
        share = np.bincount(LABELS[rows]) / len(rows)
        assert share == pytest.approx([0.6, 0.3, 0.1])


@pytest.mark.parametrize("seed", range(20))
def test_tiny_classes_stay_in_training(seed):
    labels = np.array([0] * 20 + [1] * 3 + [2, 3, 4])
    splits = split_stratified(labels, FRACTIONS, np.random.default_rng(seed))
    assert set(labels[splits["train"]]) == {0, 1, 2, 3, 4}
    assert len(splits["test"]) == 5
    assert len(splits["validation"]) == 3


def test_every_row_its_own_class_still_splits():
    splits = split_stratified(np.arange(10), FRACTIONS, np.random.default_rng(0))
    assert [len(rows) for rows in splits.values()] == [7, 2, 1]


def test_the_seed_decides():
    first, again, other = (
        split_stratified(LABELS, FRACTIONS, np.random.default_rng(seed))["test"]
        for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert (first != other).any()


def test_draw_takes_all_or_nothing_where_asked():
    rng = np.random.default_rng(0)
    assert len(draw_stratified(LABELS, 0, rng)) == 0
    assert (draw_stratified(LABELS, 1000, rng) == np.arange(1000)).all()
    assert len(draw_stratified(np.zeros(0, dtype=int), 0, rng)) == 0
    with pytest.raises(ValueError, match="at most the 1000 rows, got 1001"):
        draw_stratified(LABELS, 1001, rng)


def test_single_rows_stay_where_larger_classes_have_rows_left():
    labels = np.r_[np.zeros(60, int), np.arange(1, 11)]
    drawn = labels[draw_stratified(labels, 14, np.random.default_rng(0))]
    assert drawn.tolist() == [0] * 14
    splits = split_stratified(labels, {"test": 0.2, "validation": 0.2}, np.random.default_rng(0))
    assert {split: len(rows) for split, rows in splits.items()} == {
        "train": 42,
        "test": 14,
        "validation": 14,
    }
    assert set(labels[splits["train"]]) == set(range(11))
    assert set(labels[splits["test"]]) == set(labels[splits["validation"]]) == {0}


@pytest.mark.parametrize("seed", range(5))
def test_a_draw_is_of_the_wanted_size_and_uses_up_no_class_without_need(seed):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(30), rng.integers(1, 9, 30)))
    sizes = np.bincount(labels)
    for count in range(len(labels) + 1):
        rows = draw_stratified(labels, count, np.random.default_rng(seed))
        assert len(rows) == len(set(rows)) == count
        left = sizes - np.bincount(labels[rows], minlength=30)
        assert (left > 0).all() or (left <= 1).all()


def test_many_single_rows_are_drawn_in_good_time():
    labels = np.r_[np.zeros(100_000, int), np.arange(1, 50_000)]
    assert len(draw_stratified(labels, 60_000, np.random.default_rng(0))) == 60_000
