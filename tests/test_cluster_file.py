"""cluster.yaml is what Ray's cluster launcher wants, and says what README promises of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jsonschema
import ray
import yaml

ROOT = Path(__file__).parents[1]


def test_it_follows_rays_schema():
    schema = json.loads((Path(ray.__file__).parent / "autoscaler/ray-schema.json").read_text())
    config = yaml.safe_load((ROOT / "cluster.yaml").read_text())
    jsonschema.validate(config, schema)
    nodes = config["available_node_types"]
    assert nodes[config["head_node_type"]]["resources"] == {"CPU": 0, "GPU": 0}
    (worker,) = (node for name, node in nodes.items() if name != config["head_node_type"])
    assert worker["min_workers"] < worker["max_workers"] <= config["max_workers"]
    assert worker["node_config"]["InstanceMarketOptions"]["MarketType"] == "spot"
    for part in ("RAY_AUTH_MODE=token", "raynas[cluster]"):
        assert any(part in command for command in config["setup_commands"])
    assert "--autoscaling-config" in config["head_start_ray_commands"][-1]


def test_every_node_and_whoever_starts_a_job_has_the_token(tmp_path):
    """Ray's next release wants one everywhere."""
    config = yaml.safe_load((ROOT / "cluster.yaml").read_text())
    mounted = {"~/.ray/auth_token": "~/.ray/auth_token"}
    assert mounted.items() <= config["file_mounts"].items()
    (line,) = (line for line in config["setup_commands"] if "~/.bashrc" in line)
    shell = f"{line}; unset RAY_AUTH_MODE; source ~/.bashrc; echo $RAY_AUTH_MODE"
    done = subprocess.run(
        ["/bin/bash", "-c", shell],
        env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout == "token\n"
    for script in ("start_cluster.sh", "submit.sh"):
        text = (ROOT / "scripts" / script).read_text()
        assert text.index("export RAY_AUTH_MODE=token") < text.index('"$VENV/ray" '), script


def test_ray_makes_the_token_where_it_is_taken_from(tmp_path):
    """As scripts/start_cluster.sh has it made."""
    home = {**os.environ, "HOME": str(tmp_path), "RAY_AUTH_MODE": "token"}
    home.pop("RAY_AUTH_TOKEN", None)
    command = [Path(sys.executable).parent / "ray", "get-auth-token", "--generate"]
    subprocess.run(command, env=home, capture_output=True, check=True)
    assert len((tmp_path / ".ray/auth_token").read_text().strip()) >= 32
