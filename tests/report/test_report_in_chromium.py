"""The report in a real browser: no error, nothing fetched, pictures drawn, the table at work."""

from pathlib import Path

import pytest
from chromium import Page, find_chromium, open_page
from report_cases import evolution_trials, facts, records, trial

from raynas.report.page import page

pytestmark = pytest.mark.skipif(
    find_chromium() is None, reason="needs Chromium: apt-get install chromium-headless-shell"
)

OPENED = 'document.querySelector("#table .details").previousSibling.dataset.number'
NUMBERS = 'Array.from(document.querySelectorAll("#table tr[data-number]"), r => +r.dataset.number)'


def write(folder: Path, known) -> Path:
    (folder / "report.html").write_text(page(known), encoding="utf-8")
    return folder / "report.html"


def is_sound(opened: Page, path: Path) -> None:
    assert opened.errors() == []
    assert opened.requests() == [path.as_uri()]
    assert opened.run("document.documentElement.scrollWidth <= window.innerWidth")


def type_into(opened: Page, box: str, words: str) -> None:
    opened.run(
        f'(() => {{ const box = document.getElementById("{box}"); box.value = "{words}"; '
        'box.dispatchEvent(new Event(box.tagName === "SELECT" ? "change" : "input")); })()'
    )


def column(opened: Page, place: int) -> list[float]:
    return opened.run(
        'Array.from(document.querySelectorAll("#table tr[data-number]"), '
        f'row => +row.cells[{place}].textContent.replaceAll(",", ""))'
    )


@pytest.mark.parametrize(("width", "dark"), [(1200, False), (400, True)])
def test_every_strategys_report_opens(tmp_path, width, dark):
    """In one browser after the other, wide and light, narrow and dark."""
    for strategy, (known, sections) in records().items():
        folder = tmp_path / strategy
        folder.mkdir()
        path = write(folder, known)
        with open_page(path, width, dark) as opened:
            is_sound(opened, path)
            for name in sections:
                sizes = opened.run(
                    f'Array.from(document.querySelectorAll("#{name} svg.chart"), '
                    "s => s.getBoundingClientRect().height)"
                )
                assert sizes, f"{strategy}: no picture in {name}"
                assert min(sizes) > 60
            drawn = opened.run('document.querySelectorAll("#best svg.drawing").length')
            assert drawn == 3
            paper = opened.run("getComputedStyle(document.body).backgroundColor")
            assert paper == ("rgb(20, 23, 28)" if dark else "rgb(255, 255, 255)")


def test_the_table_sorts_filters_and_opens(tmp_path):
    failed = [trial(n, status="failed", error="ValueError: odd", accuracy=None) for n in (60, 61)]
    trials = evolution_trials(60)
    path = write(tmp_path, facts([*trials, *failed], strategy="evolution"))
    ranked = sorted(range(60), key=lambda n: -trials[n].metrics["val_accuracy"])
    with open_page(path) as opened:
        assert opened.run('document.getElementById("count").textContent') == "62 trials"
        assert opened.run(NUMBERS) == ranked[:50]  # the best first, a page of them
        opened.run('document.getElementById("next").click()')
        assert opened.run(NUMBERS) == [*ranked[50:], 60, 61]  # what has no value comes last
        opened.run('document.querySelectorAll("#table th button")[2].click()')
        assert opened.run(NUMBERS)[:3] == ranked[:-4:-1]
        opened.run('document.querySelectorAll("#table th button")[4].click()')
        params = column(opened, 4)
        assert params == sorted(params, reverse=True)
        assert len(set(params)) > 40

        type_into(opened, "filter", "params<1500 VAL_ACCURACY>=0.7")
        assert max(column(opened, 4)) < 1500
        assert min(column(opened, 2)) >= 0.7
        type_into(opened, "filter", "odd")
        assert opened.run(NUMBERS) == [60, 61]
        type_into(opened, "filter", "trial=7")
        assert opened.run(NUMBERS) == [7]
        type_into(opened, "filter", "no such words")
        assert opened.run(NUMBERS) == []
        type_into(opened, "filter", "")
        type_into(opened, "status", "failed")
        assert opened.run(NUMBERS) == [60, 61]
        type_into(opened, "status", "front")
        assert 0 < len(opened.run(NUMBERS)) < 62
        type_into(opened, "status", "")

        opened.run("document.querySelector('tr[data-number=\"59\"]').click()")
        assert opened.run('document.querySelectorAll("#table .details svg.curve path.line").length')
        assert opened.run("document.querySelector('#table .details a').dataset.trial") == "49"
        opened.run("document.querySelector('#table .details a').click()")
        assert opened.run(OPENED) == "49"
        is_sound(opened, path)


def test_a_dot_tells_of_its_trial_and_a_click_opens_it(tmp_path):
    path = write(tmp_path, facts(evolution_trials(30), strategy="evolution"))
    with open_page(path) as opened:
        place = opened.run(
            """(() => {
                const svg = document.querySelector("#progress svg.chart");
                svg.scrollIntoView();
                const path = svg.querySelector("path[data-trials]");
                const at = Array.from(path.dataset.trials.split(",")).indexOf("0");
                const dot = path.getAttribute("d").split("M")[at + 1].replace("h0", "");
                const [x, y] = dot.split(" "), box = svg.getBoundingClientRect();
                const scale = box.width / svg.viewBox.baseVal.width;
                return [box.left + x * scale, box.top + y * scale];
            })()"""
        )
        where = {"x": place[0], "y": place[1]}
        opened.call("Input.dispatchMouseEvent", type="mouseMoved", **where)
        assert opened.run('document.getElementById("tip").textContent').startswith("trial 0")
        for kind in ("mousePressed", "mouseReleased"):
            opened.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **where)
        assert opened.run(OPENED) == "0"


def test_five_thousand_trials_without_lag(tmp_path):
    path = write(tmp_path, facts(evolution_trials(5000), strategy="evolution"))
    with open_page(path) as opened:
        is_sound(opened, path)
        assert opened.run('document.querySelectorAll("#table tbody tr").length') == 50
        took = opened.run(
            """(() => {
                const start = performance.now();
                for (const button of document.querySelectorAll("#table th button")) button.click();
                const box = document.getElementById("filter");
                box.value = "relu val_accuracy>0.7";
                box.dispatchEvent(new Event("input"));
                document.body.getBoundingClientRect();
                return performance.now() - start;
            })()"""
        )
        assert took < 3000, "ten sorts and a filter"


def test_it_is_printed_in_full(tmp_path):
    path = write(tmp_path, facts(evolution_trials(60), strategy="evolution"))
    with open_page(path, dark=True) as opened:
        pdf = opened.call("Page.printToPDF", printBackground=True)["data"]
        assert len(pdf) > 20_000
        opened.call("Emulation.setEmulatedMedia", media="print")
        assert opened.run("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        assert opened.run('getComputedStyle(document.querySelector(".controls")).display') == "none"
