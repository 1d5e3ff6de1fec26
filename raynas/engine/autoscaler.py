"""What Ray's autoscaler can be asked: whether it runs, and whether it can bring what a trial needs.

Ray has no public function for either. The autoscaler that `ray up` starts (v2) keeps a state in
Ray's control store that also names the demands no node can meet; the older one (v1) writes a text
of what it does, which does not.
"""

import json
import re
import time
from typing import Any

from ray.core.generated.autoscaler_pb2 import GetClusterStatusReply  # type: ignore[attr-defined]  # it is made at run time
from ray.experimental.internal_kv import _internal_kv_get, internal_kv_get_gcs_client
from ray.util.placement_group import placement_group, remove_placement_group

ANSWERS_WITHIN_S = 30.0
"""How long the autoscaler is given to answer; it looks every 5 seconds."""
_STATUS = "__autoscaling_status"
"""Where the older autoscaler writes what it does."""
_NODE = re.compile("node_[0-9a-f]{40,}")
"""Ray's name for the type of a node in a cluster that nobody scales."""


def autoscales() -> bool:
    """Whether an autoscaler runs that can bring nodes."""
    status: Any = json.loads(_internal_kv_get(_STATUS) or "{}")
    types = list(status.get("autoscaler_report", {}).get("active_nodes", {}))
    reply = _status()
    if reply.autoscaling_state.autoscaler_state_version:
        types += [node.ray_node_type_name for node in reply.cluster_resource_state.node_states]
    return any(name and not _NODE.fullmatch(name) for name in types)


def cannot_bring(workers: list[dict[str, float]]) -> bool:
    """Ask the autoscaler for room for the workers of a trial; whether it says that there is none.

    What it can bring, it begins to bring. The older one says nothing; that is no "no".
    """
    group = placement_group(workers)
    name = group.id.hex()
    end, asked = time.monotonic() + ANSWERS_WITHIN_S, None
    try:
        while time.monotonic() < end and not group.wait(0.5):
            reply = _status()
            state, answer = reply.cluster_resource_state, reply.autoscaling_state
            if not answer.autoscaler_state_version:
                break
            if asked is None and _has(name, state.pending_gang_resource_requests):
                asked = state.cluster_resource_state_version
            if asked is not None and answer.last_seen_cluster_resource_state_version >= asked:
                return _has(name, answer.infeasible_gang_resource_requests)
    finally:
        remove_placement_group(group)
    return False


def _has(group: str, requests: Any) -> bool:
    """Whether a placement group is among these requests."""
    return any(group in request.details for request in requests)


def _status() -> Any:
    client: Any = internal_kv_get_gcs_client()  # type: ignore[no-untyped-call]  # it has no types
    return GetClusterStatusReply.FromString(client.get_cluster_status())
