"""What a search is for: full training of what it found, and programs that run without raynas."""

__all__: list[str] = []
