"""A search in a Ray job, on a cluster whose autoscaler brings the nodes, as `ray up` starts it."""

import json
from pathlib import Path

import pytest
from command_cases import LOADING, OWN_DATA
from hosts import Host, one_host

import raynas

pytestmark = pytest.mark.cluster

SPACE = '''"""Small nets, their choices in a file beside this one."""
from lines import width_choice
from torch import nn

from raynas.space import Record

space = Record(width=width_choice)


def build(value, input_shape, num_outputs):
    width = value["width"]
    return nn.Sequential(nn.Linear(*input_shape, width), nn.Linear(width, num_outputs))
'''
LINES = "from raynas.space import Choice\nwidth_choice = Choice([2, 3, 4, 5])\n"
HEAD = "f" * 51 + "00000"
"""The node that the provider of fake nodes takes for the head."""
CLUSTER = {
    "cluster_name": "test",
    "max_workers": 2,
    "idle_timeout_minutes": 5,
    "provider": {
        "type": "external",
        "module": "ray.autoscaler._private.fake_multi_node.node_provider.FakeMultiNodeProvider",
        "head_node_id": HEAD,
        "launch_multiple": True,
        "disable_node_updaters": True,
        "gcs_address": "10.77.0.1:6379",
    },
    "available_node_types": {
        "ray.head.default": {"resources": {"CPU": 0}, "node_config": {}, "max_workers": 0},
        "worker": {
            "resources": {"CPU": 2, "object_store_memory": 80_000_000},
            "node_config": {},
            "min_workers": 0,
            "max_workers": 2,
        },
    },
    "head_node_type": "ray.head.default",
    **{f"{kind}_commands": [] for kind in ("setup", "head_setup", "worker_setup")},
    **{f"{kind}_commands": [] for kind in ("initialization", "head_start_ray", "worker_start_ray")},
    **{"cluster_synced_files": [], "file_mounts": {}, "auth": {}},
}
AUTOSCALER = {
    "RAY_enable_autoscaler_v2": "1",
    "RAY_FAKE_CLUSTER": "1",
    "RAY_NODE_TYPE_NAME": "ray.head.default",
    "RAY_CLOUD_INSTANCE_ID": HEAD,
    "RAY_OVERRIDE_NODE_ID_FOR_TESTING": HEAD,
    "AUTOSCALER_UPDATE_INTERVAL_S": "1",
}

STRANGERS = {
    "RAY_AUTH_TOKEN=": ("auto", "Token authentication is enabled but no"),
    "RAY_AUTH_TOKEN=wrong": ("10.77.0.1:6379", "the cluster has token authentication, and"),
    "RAY_AUTH_MODE=disabled": ("10.77.0.1:6379", "the cluster has token authentication, and"),
}
"""What a user comes with who has not the cluster's token, where to, and what is said of it."""


def said(host: Host, code: int, *command: str) -> str:
    """Run a command in the folder `work` of a host and return what it says."""
    log = f"{len(list(host.files.iterdir()))}.log"
    started = host.start("env", "--chdir=work", *command, log=log)
    assert started.wait(300) == code, host.said(log)
    return host.said(log)


def test_jobs_search_with_the_users_modules_and_nodes_come_for_larger_trials(tmp_path: Path):
    with one_host(tmp_path) as host:
        work = host.files / "work"
        work.mkdir()
        (work / "own.py").write_text(SPACE)
        (work / "lines.py").write_text(LINES)
        (work / "my_data.py").write_text(OWN_DATA)
        (host.files / "cluster.json").write_text(json.dumps(CLUSTER))
        scaling = f"--autoscaling-config={host.home}/cluster.json"
        host.ray("--head", "--port=6379", "--include-dashboard=true", scaling, **AUTOSCALER)

        submit = ["ray", "job", "submit", "--working-dir=.", "--"]
        what = ["--space=own.py", "--data=my_data:Own", "--strategy=random", "--concurrency=1"]
        search = ["raynas", "search", *what, "--epochs=1", "--trials=2"]
        refused = said(host, 1, *submit, *search)
        assert "raynas: storage 'runs' lies in the working folder of a Ray job, which" in refused

        storage = f"--storage={tmp_path}/runs"
        out = said(host, 0, *submit, *search, storage, "--name=job")
        assert "Best architecture" in out
        check(tmp_path / "runs/job")

        here = [*search, storage, "--address=10.77.0.1:6379"]
        out = said(host, 2, *here, "--name=none", "--cpus-per-trial=3")
        assert "raynas: a trial needs 3 CPUs and 0 GPUs on one node, which the autoscaler" in out
        for stranger, (address, reason) in STRANGERS.items():
            joining = [*search, storage, f"--address={address}", "--name=none"]
            out = said(host, 2, "env", stranger, *joining)
            said_of_it = [line for line in out.replace(LOADING, "").splitlines() if line]
            assert len(said_of_it) == 1, "one line, and no traceback"
            assert (
                f"raynas: address '{address}': no Ray cluster can be joined there: {reason}" in out
            )
            assert "the cluster's token, where it has one, in RAY_AUTH_TOKEN" in out
        submitted = said(host, 1, "env", "RAY_AUTH_TOKEN=wrong", *submit, *search)
        assert "Authentication" in submitted
        assert not (tmp_path / "runs/none").exists()
        out = said(host, 0, *here, "--name=larger", "--cpus-per-trial=2")
        assert "No node has room for a trial yet (2 CPUs and 0 GPUs on one node); waiting" in out
        check(tmp_path / "runs/larger")


def check(run: Path) -> None:
    trials = raynas.open_run(run).trials
    assert list(trials.status) == ["completed"] * 2
