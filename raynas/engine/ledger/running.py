"""A trial that is being trained, or waits to go on."""

import time
from dataclasses import dataclass, field
from typing import Any

from raynas.strategies import Proposal


@dataclass
class Running:
    """A trial that is being trained, as the terminal shows it."""

    trial_id: str
    proposal: Proposal
    epoch: int = 0
    metrics: dict[str, float] | None = None
    curve: list[dict[str, Any]] = field(default_factory=list)
    losses: int = 0
    """How often in a row it has lost its worker, with no new epoch in between."""
    begun: float = field(default_factory=time.monotonic)
    """When it was handed out, by this process's clock."""
    reached: int = 0
    """The epoch that it had reached when it lost its last worker."""
