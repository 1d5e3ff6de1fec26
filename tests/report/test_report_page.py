"""The page of made-up records: each strategy's parts, ends of all kinds, hostile words, size."""

import json
import math
import re
import time
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from report_cases import evolution_trials, facts, network, origin, random_trials, records, trial

from raynas.report.facts.comparison import check_comparable
from raynas.report.page import page
from raynas.space import Architecture

DATA = re.compile(r'<script id="data" type="application/json">(.*?)</script>', re.S)
RECORDS = records()


class Outline(HTMLParser):
    """Collects what a page is made of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def ids(self, tag: str) -> list[str]:
        return [found["id"] for name, found in self.tags if name == tag and found.get("id")]


def data_of(html: str):
    (found,) = DATA.findall(html)
    return json.loads(found)


@pytest.mark.parametrize("strategy", RECORDS)
def test_each_strategy_has_its_parts(strategy):
    known, expected = RECORDS[strategy]
    html = page(known)
    sections = Outline(html).ids("section")
    assert sections == ["best", *expected, "trials", "how", "type"]
    assert len(data_of(html)["rows"]) == len(known.trials)


def test_predictions_are_judged_by_what_came_out():
    """Two of four results lie in the intervals; all are predicted 0.1 too low."""
    noted = [
        {"predicted": a - 0.1, "interval": [a - 0.2, a + reach]}
        for a, reach in ((0.5, 0.1), (0.6, -0.05), (0.7, 0.01), (0.8, -0.01))
    ]
    trials = [trial(n, accuracy=0.5 + n / 10, notes=notes) for n, notes in enumerate(noted)]
    html = page(facts(trials, strategy="bayesian"))
    assert "50% of the results lie in" in html
    assert "off by 0.1 (root mean square)" in html
    assert "rank correlation is 1.00, over 4 trials" in html


def test_what_is_seen_at_once():
    known = facts(evolution_trials(30), strategy="evolution", epochs=3, seed=7)
    html = page(known)
    assert "chain_cnn searched by evolution on digits: 30 trials of 3 epochs" in html
    assert "seed 7" in html
    stopping = facts(random_trials(5), strategy="bayesian", scheduler="asha")
    assert "chain_cnn searched by bayesian + asha on digits: 5 trials" in page(stopping)
    for tile in ("best val_accuracy", "parameters", "MACs", "epochs trained", "wall time"):
        assert f"<span>{tile}</span>" in html
    assert "test accuracy" not in html
    found = known.ranked[0]
    best = network(trial_id=found.trial_id, test={"test_accuracy": 0.8765})
    assert "<b>0.8765</b>" in page(facts(evolution_trials(30), best=best))
    assert "test accuracy" not in page(facts(evolution_trials(30), best=best.but(trial_id="x")))


def test_options_are_compared_with_architectures_that_lack_the_part():
    html = page(facts(random_trials(200)))
    assert "no such part" in html
    assert "no such part" not in page(facts(random_trials(200)[:10]))


def test_what_to_type_is_there():
    html = page(facts(random_trials(5)))
    for line in (
        "raynas resume runs/run --trials 10",
        "raynas search --config runs/run/run.yaml --name run-again",
        "raynas report runs/run",
    ):
        assert f"<pre>{line}</pre>" in html
    assert "raynas export" not in html  # there is no network yet
    found = page(facts(random_trials(5), best=network(trial_id="none of these")))
    for command in ("retrain", "export"):
        assert f"<pre>raynas {command} runs/run</pre>" in found
    interrupted = page(facts(random_trials(5), state="interrupted", trials=9))
    assert "<pre>raynas resume runs/run</pre>" in interrupted


def test_failures_are_told_together():
    broken = [trial(n, status="failed", error=f"RuntimeError: {n} rows", accuracy=None)
              for n in range(4)]  # fmt: skip
    html = page(facts([*random_trials(4), *(replace(t) for t in broken)], strategy="random"))
    assert "4 of 8 trials failed" in html
    assert html.count("RuntimeError: 0 rows") == 2  # in the table of messages, and in the trial
    assert '<td class="number">4</td>' in html


@pytest.mark.parametrize("state", ["running", "interrupted", "finished"])
@pytest.mark.parametrize(
    "trials",
    [
        [],
        [trial(0)],
        [trial(0, accuracy=math.nan)],
        [trial(0, status="failed", error="no", accuracy=None)],
        [trial(n, status="failed", error="no", accuracy=None) for n in range(30)],
        [trial(n, status="stopped") for n in range(30)],
        [trial(n, accuracy=0.5, params=7, macs=7) for n in range(30)],
    ],
    ids=["none", "one", "nan", "one failed", "all failed", "all stopped", "all equal"],
)
def test_ends_of_all_kinds(trials, state):
    html = page(facts(trials, state=state, trials=40))
    assert f'<span class="state {state}">' in html
    data = data_of(html)
    assert data["running"] == (state == "running")
    assert [row[1] for row in data["rows"]] == [t.status for t in trials]
    if len(trials) < 20 or not any(t.status == "completed" for t in trials):
        assert "Too few trials to tell" in html


def test_other_metrics_and_losses():
    known = facts(random_trials(30), metric="val_loss")
    html = page(known)
    assert known.ranked[0].metrics["val_loss"] == min(t.metrics["val_loss"] for t in known.trials)
    assert "for the smallest val_loss" in html
    assert "val_accuracy against parameters" in page(facts(random_trials(30), metric="params"))
    latency = [trial(n, latency_ms=1 + n / 10) for n in range(30)]
    assert "val_accuracy against latency (ms, rough)" in page(facts(latency))


def test_a_retraining_tells_of_its_seeds():
    architecture = random_trials(1)[0].architecture
    trials = [
        trial(n, architecture, accuracy=0.9 + n / 100, test_accuracy=0.8 + n / 100, test_f1=0.7)
        for n in range(3)
    ]
    html = page(facts(trials, origin=origin(), strategy="random", epochs=40))
    assert "Trial 7 of found, trained in full on digits: 3 seeds of 40 epochs." in html
    sections = ["best", "seeds", "trials", "how", "type"]
    assert Outline(html).ids("section") == sections
    assert '<td class="number">0.9100 ± 0.0100</td>' in html
    assert "<b>0.8100 ± 0.0100</b>" in html
    for words in ("searched by", "random, expected", "Pareto front."):
        assert words not in html
    assert html.count("<pre>raynas resume runs/run --trials 5</pre>") == 1


def named(name: str, **more):
    return facts(random_trials(12), name=name, strategy="random", **more)


def test_runs_are_compared():
    """A random search of the same protocol is the baseline of a strategy that draws none."""
    mine = {"strategy": "reinforce", "options": {"batch_size": 8, "units": 3}}
    assert "random, expected" not in page(facts(random_trials(6), **mine))
    same = named("chance", seed=5, options={"batch_size": 8})
    html = page(facts(random_trials(6), **mine, others=(same,)))
    assert "best so far of chance" in html
    assert "computed from the 12 trials drawn at random in the run chance" in html
    assert "<td>seed 5 (here 0)</td>" in html
    assert "--compare runs/run</pre>" in html
    other = named("other", epochs=99, options={"batch_size": 9})
    html = page(facts(random_trials(6), **mine, others=(other,)))
    assert "best so far of other" in html
    assert "random, expected" not in html
    assert ">epochs 99 (here 10), batch_size 9 (here 8)</td>" in html


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (named("x", metric="val_loss"), "expected a run of metric val_accuracy, .* got val_loss"),
        (named("x", data="synthetic"), "expected a run of data digits, .* got synthetic"),
        (facts([]), "has no completed trial yet"),
        (facts([trial(0)], origin=origin()), "is a retraining"),
    ],
)
def test_what_cannot_be_compared(other, said):
    with pytest.raises(ValueError, match=said):
        check_comparable(facts(random_trials(6)), other)


HOSTILE = '</script><script>alert("x")</script>&<img src=x onerror=alert(1)>\u2028\'"`${1}'


def test_hostile_words_do_nothing():
    value = {"layers": [{"type": HOSTILE, HOSTILE: [HOSTILE]}], HOSTILE: {"a": HOSTILE}}
    trials = [
        replace(t, error=HOSTILE if t.number % 2 else None, node=HOSTILE,
                status="failed" if t.number % 2 else "completed",
                proposal=replace(t.proposal, architecture=Architecture(value, {HOSTILE: t.number})))
        for t in random_trials(44)
    ]  # fmt: skip
    known = facts(trials, name=HOSTILE.replace("/", ""), space=HOSTILE, data=HOSTILE)
    html = page(replace(known, uri=HOSTILE, space_source=repr(HOSTILE)))
    tags = Outline(html).tags
    assert [tag for tag, _ in tags].count("script") == 2
    assert not [tag for tag, _ in tags if tag == "img"]
    assert not [a for _, a in tags if any(name.startswith("on") for name in a)]
    data = data_of(html)
    assert data["details"]["1"]["error"] == HOSTILE


def test_nothing_is_to_be_fetched():
    html = page(facts(random_trials(30)))
    assert "default-src 'none'" in html
    for _, attributes in Outline(html).tags:
        for name in ("src", "href", "data", "srcset", "action"):
            assert re.match(r"#|data:,|$", attributes.get(name) or "")
    assert "@import" not in html
    assert "url(" not in html


def test_learning_curves_are_in_the_data():
    data = data_of(page(facts([trial(3, accuracy=0.9, epochs=3)])))
    assert data["curves"] == {
        "3": {"epoch": [1, 2, 3], "train_loss": [1, 0.5, 0.33333], "val_accuracy": [0.3, 0.6, 0.9]}
    }
    long = data_of(page(facts([trial(n, epochs=400) for n in range(2000)])))
    assert all(len(curve["epoch"]) <= 70 for curve in long["curves"].values())
    assert all(curve["epoch"][-1] == 400 for curve in long["curves"].values())


def test_thousands_of_trials_are_no_burden():
    trials = evolution_trials(5000)
    start = time.process_time()
    html = page(facts(trials, strategy="evolution"))
    assert time.process_time() - start < 60
    assert len(html) < 4_000_000
