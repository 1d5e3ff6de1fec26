"""cluster.yaml is what Ray's cluster launcher wants, and says what README promises of it."""

import json
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
