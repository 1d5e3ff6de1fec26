"""That a run folder is whole, is what it was started as, and whose code it holds."""

__all__: list[str] = []
