"""Workers of a Ray of our own: forked from a process that has loaded what they need."""

import json
import subprocess
import sys

import pytest

STARTS = """
import json, os, random, signal, sys, time
import numpy as np, psutil, ray
from raynas.engine.local_ray.own_ray import start_ray


@ray.remote(max_calls=1)
def worker():
    time.sleep(0.5)
    loaded = sorted({"torch", "raynas.training"} & set(sys.modules))
    parent = psutil.Process(os.getppid())
    drawn = [random.random(), float(np.random.rand()), ray.WorkerID.from_random().hex()]
    return {
        "pid": os.getpid(), "parent": parent.pid, "loaded": loaded,
        "is_forked": "fork_server" in str(parent.cmdline()),
        "drawn": drawn, "folder": os.getcwd(), "mine": os.environ.get("MINE"),
        "path": sys.path[0], "main": sys.modules["__main__"].__file__,
    }


def asked(**options):
    return ray.get(worker.options(**options).remote())


processes = start_ray(print)
forked = ray.get([worker.remote(), worker.remote()])
time.sleep(1)  # they have ended, with all of their groups
again = asked()
wanted = asked(runtime_env={"env_vars": {"MINE": "yes"}})
server = forked[0]["parent"]
os.kill(server, signal.SIGKILL)
later = asked()
ray.shutdown()
processes.close()
print(json.dumps([*forked, again, wanted, later, server]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="workers are forked on Linux alone")
def test_they_are_as_rays_own_and_rays_own_come_where_none_can_be_forked(tmp_path):
    script, here = tmp_path / "starts.py", tmp_path / "here"
    script.write_text(STARTS)
    here.mkdir()
    (here / "pandas.py").write_text("raise RuntimeError('a file of the user, of another meaning')")
    process = subprocess.run(
        [sys.executable, script], cwd=here, capture_output=True, text=True, timeout=200
    )
    assert process.returncode == 0, process.stderr
    one, two, again, wanted, later, server = json.loads(process.stdout.splitlines()[-1])
    for forked in (one, two, again):
        assert (forked["is_forked"], forked["parent"]) == (True, server)
        assert forked["loaded"] == ["raynas.training", "torch"]
    assert one["pid"] != two["pid"]
    assert not set(one["drawn"]) & set(two["drawn"])
    assert (wanted["is_forked"], wanted["mine"]) == (False, "yes")
    assert not later["is_forked"]
    for place in ("folder", "path", "main"):
        assert one[place] == later[place]
