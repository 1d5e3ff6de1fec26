"""The ledger of a run: what was proposed, is being trained and came out, and when it is enough."""

from raynas.engine.ledger.run_ledger import Ledger
from raynas.engine.ledger.running import Running

__all__ = ["Ledger", "Running"]
