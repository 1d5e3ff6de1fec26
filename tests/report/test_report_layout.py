"""How the report lies on a page of any width: rows are full, tables stay inside, numbers align."""

from pathlib import Path

import pytest
from chromium import Page, find_chromium, open_page
from report_cases import facts, origin, random_trials, records, trial

from raynas.report.facts.facts import Facts
from raynas.report.page import page

pytestmark = pytest.mark.skipif(
    find_chromium() is None, reason="needs Chromium: apt-get install chromium-headless-shell"
)

HALF_EMPTY = """
Array.from(document.querySelectorAll(".tiles, :not(#decisions) > .figures")).flatMap((grid) => {
  const whole = grid.getBoundingClientRect(), rows = new Map();
  for (const figure of grid.children) {
    const box = figure.getBoundingClientRect();
    rows.set(Math.round(box.top), Math.max(rows.get(Math.round(box.top)) || 0, box.right));
  }
  return Array.from(rows.values()).filter((right) => right < whole.right - 3)
    .map((right) => `${grid.parentElement.id} ${grid.className}: ${right} of ${whole.right}`);
})
"""
OUTSIDE = """
Array.from(document.querySelectorAll("main .scroll")).filter((box) =>
  box.getBoundingClientRect().right > window.innerWidth || box.offsetWidth < 200
).length
"""
CELLS = """
(() => {
  const table = document.querySelector("%s table"), styles = [];
  for (const row of [table.tHead.rows[0], table.tBodies[0].rows[0]])
    styles.push(Array.from(row.cells, (cell) => getComputedStyle(cell).textAlign));
  const cells = Array.from(table.tBodies[0].rows, (row) => Array.from(row.cells, (cell) => {
    const range = document.createRange();
    range.selectNodeContents(cell);
    return [cell.textContent, range.getBoundingClientRect().right];
  }));
  const digits = getComputedStyle(table.tBodies[0].rows[0].cells[0]).fontVariantNumeric;
  return {styles, cells, digits};
})()
"""


def cases() -> dict[str, Facts]:
    """A report of each strategy, of a comparison, and of a retraining."""
    architecture = random_trials(1)[0].architecture
    seeds = [trial(n, architecture, accuracy=0.9, test_accuracy=0.8, test_f1=0.7) for n in range(3)]
    other = facts(random_trials(12), name="chance", strategy="random")
    return {
        **{name: known for name, (known, _) in records().items()},
        "compared": facts(random_trials(30), strategy="random", others=(other,)),
        "retrained": facts(seeds, origin=origin(), strategy="random"),
        "latencies": facts([trial(n, latency_ms=1 + n / 10) for n in range(30)]),
    }


def write(folder: Path, known: Facts) -> Path:
    path = folder / "report.html"
    path.write_text(page(known), encoding="utf-8")
    return path


def resize(opened: Page, width: int) -> None:
    opened.call(
        "Emulation.setDeviceMetricsOverride",
        width=width, height=900, deviceScaleFactor=1, mobile=False,
    )  # fmt: skip


@pytest.mark.parametrize("name", cases())
def test_rows_are_full_and_nothing_is_wider_than_the_page(tmp_path, name):
    with open_page(write(tmp_path, cases()[name])) as opened:
        for width in (1400, 1200, 1000, 800, 400):
            resize(opened, width)
            assert opened.run(HALF_EMPTY) == [], width
            assert opened.run("document.documentElement.scrollWidth <= window.innerWidth"), width
            assert opened.run(OUTSIDE) == 0, width


LONG = "a_module_of_a_very_long_name_that_nobody_can_break_into_pieces"


def test_the_table_of_the_fronts_scrolls_inside_itself_on_a_phone(tmp_path):
    trials = [trial(n, accuracy=0.5 + n / 50, params=10_000 * (n + 1)) for n in range(12)]
    for one in trials:
        one.architecture.value["layers"][0]["type"] = LONG
    with open_page(write(tmp_path, facts(trials)), width=400) as opened:
        assert opened.run("document.documentElement.scrollWidth <= window.innerWidth")
        assert opened.run(OUTSIDE) == 0
        box = 'document.querySelector("#fronts .scroll")'
        assert opened.run(f"{box}.scrollWidth > {box}.clientWidth")
        narrowest = opened.run(
            'Math.min(...Array.from(document.querySelectorAll("#fronts td.words"), '
            "cell => cell.offsetWidth))"
        )
        assert narrowest >= 200


@pytest.mark.parametrize("where", ["#fronts", "#trials"])
def test_numbers_stand_one_below_the_other(tmp_path, where):
    trials = [trial(n, accuracy=0.5 + n / 50, params=10.0 ** (1 + n / 2)) for n in range(12)]
    with open_page(write(tmp_path, facts(trials))) as opened:
        seen = opened.run(CELLS % where)
    numbers = [place for place, align in enumerate(seen["styles"][1]) if align == "right"]
    texts = [row[0][0] for row in seen["cells"]]
    assert sorted(int(text.removeprefix("◆\u00a0")) for text in texts) == list(range(12))
    assert any("◆" in cell[0] for row in seen["cells"] for cell in row)
    assert len(numbers) >= 4
    assert "tabular-nums" in seen["digits"]
    for place in numbers:
        assert seen["styles"][0][place] == "right", "the head, too"
        ends = [row[place][1] for row in seen["cells"]]
        assert max(ends) - min(ends) < 0.5
    assert seen["styles"][1][-1] in ("left", "start")
