"""What a report counts and computes: time, chance, names of options, importance, scales."""

from dataclasses import replace
from datetime import timedelta
from itertools import combinations

import numpy as np
import pytest
from report_cases import START, facts, random_trials, trial

from raynas.report.drawing.label_layout import options_of
from raynas.report.drawing.scale import Scale, tick_texts, without_outliers
from raynas.report.facts.baseline import baseline
from raynas.report.sections.decisions import median_interval
from raynas.report.sections.importance import judge
from raynas.runs.trial import Clock
from raynas.runs.wording import duration, metric_text, short
from raynas.space import bundled_spaces, decisions_of, load_space, sample


def at(seconds: float):
    return START + timedelta(seconds=seconds)


def test_wall_time_leaves_pauses_out():
    clock = Clock([(at(0), at(10)), (at(5), at(12)), (at(100), at(103))])
    assert clock.total == 15
    assert [clock.at(at(s)) for s in (0, 4, 11, 50, 101, 500)] == [0, 4, 11, 12, 13, 15]


def test_wall_time_has_the_start_of_workers_in_it():
    """A run that was started at 0, interrupted, and resumed at 100; at 60 somebody had resumed it
    in vain."""
    spans = [(at(8), at(20)), (at(9), at(12)), (at(110), at(115))]
    clock = Clock(spans, [at(0), at(60), at(100)])
    assert clock.total == 20 + 15
    assert [clock.at(at(s)) for s in (0, 4, 20, 50, 60, 101, 110, 500)] == [
        0, 4, 20, 20, 20, 21, 30, 35,
    ]  # fmt: skip
    assert Clock([], [at(0)]).total == 0


@pytest.mark.parametrize("mode", ["val_accuracy", "val_loss"])
def test_the_baseline_is_the_mean_over_all_sets_of_draws(mode):
    trials = [trial(n, accuracy=a) for n, a in enumerate([0.3, 0.9, 0.5, 0.5, 0.7, 0.1])]
    known = facts(trials, strategy="random", metric=mode)
    found = baseline(known)
    assert found is not None
    best = max if mode == "val_accuracy" else min
    for k in range(1, 7):
        sets = [best(map(known.score, some)) for some in combinations(trials, k)]
        assert found.mean[k - 1] == pytest.approx(np.mean(sets))
        assert min(sets) <= min(found.low[k - 1], found.high[k - 1])
        assert max(found.low[k - 1], found.high[k - 1]) <= max(sets)


def test_the_baseline_knows_only_what_was_drawn_at_random():
    drawn = [trial(n) for n in range(7)]
    bred = [trial(n, parents=[0]) for n in range(7, 20)]
    for strategy, count in (("evolution", 7), ("random", 20)):
        found = baseline(facts(drawn + bred, strategy=strategy))
        assert found is not None
        assert len(found.mean) == count
    for strategy in ("reinforce", "pnas", "darts"):
        assert baseline(facts(drawn, strategy=strategy)) is None
    optuna = {"strategy": "tpe", "options": {"sampler": "TPESampler"}}
    first = baseline(facts(drawn + bred, **optuna))
    assert first is not None
    assert len(first.mean) == 10
    again = [replace(t, proposal=replace(t.proposal, repeats=(1,))) for t in drawn[6:]]
    first = baseline(facts(drawn[:6] + again, **optuna))
    assert first is not None
    assert len(first.mean) == 6, "what followed a duplicate was changed"
    guided = {**optuna, "options": {"sampler": "BruteForceSampler"}}
    assert baseline(facts(drawn, **guided)) is None
    assert baseline(facts(drawn[:4], strategy="random")) is None
    many = baseline(facts(random_trials(3000), strategy="random"))
    assert many is not None
    assert np.isfinite(many.mean).all()
    assert (np.diff(many.mean) >= -1e-12).all()


@pytest.mark.parametrize("name", sorted(bundled_spaces()))
def test_options_are_called_what_they_are(name):
    """The names read off the values tell apart what the space's own options tell apart."""
    space = load_space(name).space
    rng = np.random.default_rng(0)
    architectures = [sample(space, rng) for _ in range(60)]
    found = options_of(architectures)
    checked = 0
    for architecture in architectures[:10]:
        for decision in decisions_of(space, architecture):
            index = architecture.picks[decision.path]
            label, option = found[decision.path].labels[index], decision.options[index]
            if isinstance(option, str | int | float):
                assert label == str(option).replace("_", " ")
                checked += 1
            else:
                assert isinstance(option, list)
                if decision.path.endswith("/inputs"):
                    assert label == " and ".join(map(str, option))
                else:
                    assert label == ("yes" if option else "no")
        assert len(set(found[decision.path].labels.values())) == len(found[decision.path].labels)
    assert checked


def test_options_without_a_place_in_the_value_are_numbered():
    from raynas.space import choose, walk

    def space(pick):
        return {"score": choose(pick, "a/b", [1, 2]) * choose(pick, "score", ["x", "yy"])}

    found = options_of(walk(space, lambda _, i=i: i)[0] for i in (0, 1))
    assert found["a/b"].labels == {0: "option 0", 1: "option 1"}
    assert found["score"].labels == {0: "x", 1: "yyyy"}


def test_the_decision_that_matters_is_found():
    found = judge(facts(random_trials(200)))
    assert found is not None
    assert found.r2 > 0.5
    first, second = found.decisions[:2]
    assert first.path == "layers/0/activation"
    assert second.path == "layers/length"
    assert 0 < first.low < first.mean < first.high
    assert first.low > second.high
    assert all(abs(one.mean) < 0.1 for one in found.decisions[2:])


def test_the_interval_of_a_median_holds_it_in_95_of_100_samples():
    rng = np.random.default_rng(0)
    assert median_interval([1.0] * 5) is None
    assert median_interval([1.0, 2.0, 3.0, 4.0, 5.0, 6.0]) == (1, 6)
    for count in (6, 8, 21, 60):
        intervals = [median_interval(sorted(rng.normal(size=count))) for _ in range(2000)]
        held = np.mean([low <= 0 <= high for low, high in intervals])
        assert 0.94 < held < 0.995
    low, high = median_interval(sorted(rng.normal(size=5000)))
    assert -0.1 < low < 0 < high < 0.1


def test_importance_is_silent_where_nothing_is_known():
    assert judge(facts(random_trials(19))) is None
    assert judge(facts([trial(n, accuracy=0.5) for n in range(40)])) is None
    rng = np.random.default_rng(0)
    noise = judge(facts([trial(n, accuracy=float(rng.random())) for n in range(40)]))
    assert noise is not None
    assert noise.r2 < 0.1


def test_scales_and_numbers():
    assert Scale(0, 10, 100, 200)(5) == 150
    assert Scale(0, 10, 100, 200)(99) == 200
    assert Scale(1, 100, 0, 10, log=True)(10) == pytest.approx(5)
    assert Scale(1, 1, 0, 10)(1) == 5
    for low, high, log in [(0, 1, False), (0.93, 0.98, False), (-3, 7, False), (1, 9, True),
                           (3e3, 8e6, True), (1e-9, 2e9, True), (5, 5, False)]:  # fmt: skip
        ticks = Scale(low, high, 0, 1, log).ticks()
        assert 1 <= len(ticks) <= 9
        assert all(low - 1e-9 <= tick <= high + 1e-9 for tick in ticks)
        assert len(set(tick_texts(ticks))) == len(ticks)
    assert Scale(0, 3, 0, 1, whole=True).ticks() == [0, 1, 2, 3]
    assert [short(v) for v in (0.98614, 62986, 1_905_280, 5e9, float("nan"))] == [
        "0.9861", "62,986", "1.91 M", "5 G", "-",
    ]  # fmt: skip
    assert metric_text("val_f1", 0.5) == "0.5000"
    assert [metric_text(n, 62986) for n in ("params", "macs")] == ["62,986"] * 2
    assert [duration(s) for s in (0.42, 42, 185, 3720, 400_000)] == [
        "0.4 s", "42 s", "3 min 5 s", "1 h 2 min", "4.6 days",
    ]  # fmt: skip


def test_far_worse_values_do_not_flatten_the_picture():
    values = [0.9 + n / 1000 for n in range(50)] + [0.1]
    low, high = without_outliers(values, larger_is_better=True)
    assert 0.8 < low < 0.9 < 0.949 < high
    low, high = without_outliers([1.0, 1.1, 1.2, 1.3, 1.4, 50.0] * 3, larger_is_better=False)
    assert low < 1 < 50 <= high
