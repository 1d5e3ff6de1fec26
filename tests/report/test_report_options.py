"""What is drawn of options and predictions: one row a value, intervals that look like intervals."""

import re
from xml.etree import ElementTree as ET

import pytest
from report_cases import facts, random_trials, records, trial

from raynas.report.page import page
from raynas.space import Architecture

FIGURE = r"<h3>{}</h3>(<svg.*?</svg>)"


def drawing(html: str, title: str) -> ET.Element:
    (svg,) = re.findall(FIGURE.format(re.escape(title)), html, re.S)
    return ET.fromstring(svg)  # noqa: S314 (our own)


def paths(picture: ET.Element, kind: str) -> list[ET.Element]:
    return [path for path in picture.iter("path") if path.get("class") == kind]


def test_an_ordered_decision_has_a_strip_with_its_median_for_each_value():
    trials = [
        trial(
            n,
            Architecture({"width": 2 ** (n % 4)}, {"width": n % 4}),
            accuracy=0.5 + 0.1 * (n % 4) + n / 4000,
        )
        for n in range(80)
    ]
    picture = drawing(page(facts(trials)), "width")
    words = ["".join(text.itertext()) for text in picture.iter("text")]
    assert [word for word in words if word in ("1", "2", "4", "8")] == ["1", "2", "4", "8"]
    assert words.count("20") == 4  # trials
    strips = paths(picture, "dots faint")
    for place, strip in enumerate(strips):
        numbers = [int(number) for number in strip.get("data-trials").split(",")]
        assert numbers == [n for n in range(80) if n % 4 == place]
        assert strip.get("d").count("h0") == len(numbers)
    assert len(strips) == 4
    medians = [float(path.get("d")[1:].split()[0]) for path in paths(picture, "line median")]
    assert medians == sorted(medians)
    for strip, middle in zip(strips, medians, strict=True):
        xs = sorted(float(dot.split()[0]) for dot in strip.get("d").split("M")[1:])
        assert xs[9] - 0.1 <= middle <= xs[10] + 0.1
    assert len(paths(picture, "line spread")) == 4


def test_thousands_of_trials_are_a_strip_of_some():
    picture = drawing(page(facts(random_trials(1500))), "layers/0/activation")
    strips = paths(picture, "dots faint")
    assert [strip.get("d").count("h0") for strip in strips] == [80, 80, 80]


def test_intervals_of_predictions_have_ends_and_a_class_of_their_own():
    known, _ = records()["bayesian"]
    html = page(known)
    picture = drawing(html, "Predicted and reached")
    (intervals,) = paths(picture, "line interval")
    predicted = [t for t in known.trials if "interval" in t.proposal.notes]
    d = intervals.get("d")
    assert d.count("H") == len(predicted)
    assert len(predicted) < d.count("v6") <= 2 * len(predicted)
    rules = dict(re.findall(r"\.line\.(\w+) \{ stroke: var\(--(\w+)\)", html))
    (grid,) = re.findall(r"svg \.grid \{ stroke: var\(--(\w+)\)", html)
    assert rules["interval"] not in (grid, rules["exact"], rules["main"])


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 9])
def test_pictures_are_placed_so_that_rows_are_full(count):
    from markupsafe import Markup

    from raynas.report.drawing.figure import Figure, Section

    share = {"half": 1 / 2, "third": 1 / 3, "third last": 1 / 3, "alone": 1, "wide": 1}
    figures = [Figure(str(n), Markup("")) for n in range(count)]
    wide = Figure("wide", Markup(""), wide=True)
    for every in (figures, [wide, *figures], [*figures, wide], [*figures, wide, *figures]):
        placed = Section("x", "X", figures=every).placed
        assert [figure for figure, _ in placed] == every
        row = 0.0
        for _, kind in placed:
            assert row + share[kind] < 1.01
            row = (row + share[kind]) % 0.999
        assert row == pytest.approx(0, abs=0.02)
