"""Images: how they are decoded, and folders of them, a folder a class."""

__all__: list[str] = []
