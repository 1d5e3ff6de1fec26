"""What the page says of numbers that are not to be taken on trust."""

from datetime import timedelta

import pytest
from report_cases import START, darts_trials, facts, network, origin, random_trials, trial

from raynas.networks.model_card import model_card
from raynas.report.facts.standing import certainty
from raynas.report.page import page
from raynas.report.sections.fronts import front_numbers
from raynas.runs.certainty import ValidationCount
from raynas.runs.found_network import Latencies

FEW = ValidationCount(samples=100, largest_class=20)


def test_the_trials_within_the_interval_of_the_best_are_counted():
    known = facts([trial(n, accuracy=0.5 + n / 25) for n in range(11)], validation=FEW)
    judged = certainty(known)
    assert judged is not None
    assert (judged.low, judged.high) == pytest.approx((0.8256, 0.9448), abs=1e-4)  # of 0.9
    assert (judged.within, judged.trials, judged.is_chance) == (2, 11, False)
    html = page(known)
    assert "Within the interval of the best: 2 of 11 trials." in html
    assert "95 %: 0.826 to 0.945" in html
    assert "<b>0.2000</b><span>of 100 validation samples</span>" in html
    assert "Rank 1: trial 10" in html


def test_what_is_no_better_than_chance_has_no_ranks():
    known = facts([trial(n, accuracy=0.2 + n / 100) for n in range(6)], validation=FEW)
    html = page(known)
    assert certainty(known).is_chance
    assert "No trial is shown to be better than always answering the most frequent class" in html
    assert "Rank 1" not in html
    assert "<h3>Trial 5</h3>" in html


def test_one_trial_alone_in_its_interval():
    html = page(facts([trial(0, accuracy=0.5), trial(1, accuracy=0.9)], validation=FEW))
    assert "Within the interval of the best: 1 of 2 trials, itself." in html


def test_nothing_is_said_of_older_runs_and_of_orders_by_cost():
    assert certainty(facts(random_trials(5))) is None
    assert certainty(facts(random_trials(5), validation=FEW, metric="params")) is None
    assert certainty(facts([], validation=FEW)) is None
    assert "How sure it is" not in page(facts(random_trials(5)))


def test_a_retraining_and_a_loss_have_an_interval_too():
    seeds = [trial(n, accuracy=0.9, test_accuracy=0.8, test_f1=0.8) for n in range(2)]
    html = page(facts(seeds, origin=origin(), validation=FEW))
    assert "Within the interval of the best: 2 of 2 seeds." in html
    assert certainty(facts(random_trials(5), validation=FEW, metric="val_loss")).trials == 5


def test_the_card_says_how_sure_an_accuracy_is():
    metrics = {"val_accuracy": 0.3, "val_f1": 0.3, "val_loss": 1.0, "params": 9.0, "macs": 9.0,
               "latency_ms": 0.5}  # fmt: skip
    card = model_card(network(metrics=metrics, validation=FEW), "best")
    assert "0.3000 on 100 samples has a 95 % interval of 0.2189 to 0.3958 (Wilson)" in card
    assert "the most frequent class gives 0.2000.\n" in card
    assert "a rough number" in card
    alone = network(metrics=metrics, latency_ms=0.4, latency_low=0.3, latency_high=0.9)
    assert "lie between 0.3 and 0.9 ms" in model_card(alone, "best")
    assert "Wilson" not in model_card(network(metrics=metrics), "best")


def test_no_front_is_drawn_of_latencies():
    trials = [trial(n, latency_ms=30.0 - n, params=n + 1.0, macs=n + 1.0) for n in range(9)]
    known = facts(trials)
    assert front_numbers(known) == {0}  # all are as good: the smallest, not the quickest
    html = page(known)
    assert "The latencies are rough: measured while others trained" in html
    assert "of the best, measured while others trained" in html


def test_a_front_is_drawn_of_latencies_that_were_measured_alone():
    costs = {"params": 1.0, "macs": 1.0}
    trials = [trial(n, accuracy=0.5 + n / 10, latency_ms=1.0, **costs) for n in range(4)]
    medians = {0: 5.0, 2: 2.0, 3: 3.0}
    measured = {n: {"median": m, "low": m - 0.5, "high": m + 0.5} for n, m in medians.items()}
    latencies = Latencies(device="cpu, 1 thread", trials=measured)
    known = facts(trials, latencies=latencies)
    assert front_numbers(known) == {2, 3}  # 0 is slower and worse; 1 was not measured
    html = page(known)
    assert "Measured after the search, one network after the other (cpu, 1 thread)" in html
    assert "four fifths of the measurements" in html
    assert "rough" not in html.partition('id="fronts"')[2].partition("</section>")[0]


def test_the_latency_of_the_best_is_the_one_measured_alone():
    best = network(trial_id="run_00000", latency_ms=2.0, latency_low=1.0, latency_high=3.0)
    html = page(facts([trial(0, latency_ms=30.0)], best=best))
    assert "<span>latency (ms)</span><b>2</b><span>of the best, after the search: 1 to 3" in html


def test_a_supernet_that_has_not_decided_says_so():
    def told(gap, paths=None):
        supernet, *others = darts_trials()
        last = supernet.curve[-1]
        for path in list(last["strengths"])[:paths]:
            last["strengths"][path] = [0.3, 0.34 - gap, 0.34]
        return page(facts([supernet, *others], strategy="darts"))

    assert "Derived after epoch 8" in told(0.03)
    undecided = told(0.01)
    assert "Undecided after epoch 8: at 6 of 6 decisions" in undecided
    assert "Derived after" not in undecided
    assert "Partly undecided after epoch 8: at 1 of 6 decisions" in told(0.01, 1)


def test_the_page_says_what_wall_time_counts():
    trials = random_trials(4)  # two seconds of training
    known = facts(trials, started=[START - timedelta(seconds=7)])
    assert known.clock.total == 9
    html = page(known)
    assert "Ray and its workers included" in html
    assert "<b>9.0 s</b><span>with the start, without pauses</span>" in html
    older = page(facts(trials))
    assert "<b>2.0 s</b><span>without the start, without pauses</span>" in older
    assert "the start of Ray and its workers is not known of this run" in older
