"""The tutorial's blocks run, one after the other, as a person would type them."""

import re
from pathlib import Path

TUTORIAL = Path(__file__).parents[1] / "docs/tutorial.md"


def test_the_tutorial(ray_cluster, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", TUTORIAL.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 7
    (tmp_path / "my_space.py").write_text(blocks.pop(0))
    names: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "tutorial.md", "exec"), names)  # noqa: S102 (it is our own text)
    said = capsys.readouterr().out
    for expected in (
        "42 architectures",
        "tutorial: finished, 4 of 4 trials done",
        "retrained/trial-",
        "tensor([",
    ):
        assert expected in said or expected in str(names["folder"]) + str(names["retrained"])
    assert names["net"].predict(names["image"]) in set("0123456789")
    assert int(names["program"](names["images"]).argmax()) in range(10)
