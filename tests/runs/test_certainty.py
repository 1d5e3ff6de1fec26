"""Intervals of accuracies, against numbers from elsewhere."""

import pytest

from raynas.runs.certainty import ValidationCount, certainty_words, wilson


@pytest.mark.parametrize(
    ("right", "samples", "low", "high"),
    [
        (0, 10, 0.0, 0.27754),
        (1, 29, 0.00611, 0.17176),  # Newcombe 1998, table I
        (15, 148, 0.06238, 0.16056),  # the same
        (81, 263, 0.25527, 0.36621),  # the same
        (10, 10, 0.72246, 1.0),
    ],
)
def test_wilsons_interval(right, samples, low, high):
    assert wilson(right / samples, samples) == pytest.approx((low, high), abs=1e-4)


def test_the_words_say_where_there_is_nothing_but_luck():
    validation = ValidationCount(samples=100, largest_class=60)
    assert validation.majority == 0.6
    lucky = certainty_words(0.65, validation)
    assert "A validation accuracy of 0.6500 on 100 samples" in lucky
    assert "always answering the most frequent class gives 0.6000, so nothing shows" in lucky
    assert "0.5525 to 0.7364" in lucky
    assert certainty_words(0.8, validation).endswith("gives 0.6000.")
