"""Arrays of inputs and labels: of NumPy's files, and as a Python program has them."""

__all__: list[str] = []
