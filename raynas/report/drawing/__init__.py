"""Pictures in SVG."""

__all__: list[str] = []
