"""Candidates that print without end."""

import sys

from command_cases import command
from run_cases import write_space

from raynas.engine.trials.printed import limited_printing

SPACE = '''"""Nets that print four megabytes."""
import sys

from raynas.nets import build_mlp
from raynas.space import Choice, Record

space = Record(layers=[], seed=Choice([1, 2]))


def build(value, input_shape, num_outputs):
    for _ in range(300):
        print("words " * 1700)
        print("errors " * 500, file=sys.stderr)
    return build_mlp(value, input_shape, num_outputs)
'''


def test_a_trial_that_prints_without_end_fills_no_disk(tmp_path):
    write_space(tmp_path, SPACE)
    what = ("search", "--space=own.py", "--trials=2", "--epochs=1", "--name=run", "--keep=1")
    with command(tmp_path, *what, "--set=limit=130", "--strategy=grid") as driver:
        code, _, err = driver.end()
    assert (code, err) == (0, "")
    log = (tmp_path / "runs/run/log.txt").read_text()
    assert log.count("[this trial prints more than is kept]") >= 2
    assert len(log) < 11_000_000  # of more than 20 million


def test_what_is_printed_first_is_kept(capsys):
    with limited_printing(most=10):
        print("123456789012345")
        print("gone", file=sys.stdout)
        print("err", file=sys.stderr)
    print("after")
    assert capsys.readouterr() == (
        "1234567890\n[this trial prints more than is kept]\nafter\n",
        "err\n",
    )
