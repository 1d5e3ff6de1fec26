"""What predicts scores of architectures that were not trained, and where it looks."""

__all__: list[str] = []
