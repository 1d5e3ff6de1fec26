"""What is no Parquet: what it is, and how to convert it, in one line."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from raynas.data.builtin import BUILTIN

LEGAL = f"expected {', '.join(BUILTIN)}, a Parquet file, folder or URL, or package.module:Class"
_IMAGES = {".jpg", ".jpeg", ".png", ".bmp", ".gif", ".tif", ".tiff", ".webp"}
_READERS = {
    ".csv": ("CSV", "read_csv({!r})"),
    ".tsv": ("tab-separated values", "read_csv({!r}, sep='\\t')"),
    ".txt": ("text", "read_csv({!r})"),
    ".json": ("JSON", "read_json({!r})"),
    ".jsonl": ("JSON lines", "read_json({!r}, lines=True)"),
    ".ndjson": ("JSON lines", "read_json({!r}, lines=True)"),
    ".xlsx": ("an Excel sheet", "read_excel({!r})"),
    ".xls": ("an Excel sheet", "read_excel({!r})"),
    ".feather": ("Feather", "read_feather({!r})"),
    ".arrow": ("Arrow", "read_feather({!r})"),
    ".orc": ("ORC", "read_orc({!r})"),
}
"""Formats of tables: a name, and the function of pandas that reads them."""
_OTHERS = {
    ".npy": "a NumPy array",
    ".npz": "NumPy arrays",
    ".pt": "a PyTorch file",
    ".pth": "a PyTorch file",
    ".pkl": "a pickle",
    ".h5": "HDF5",
    ".hdf5": "HDF5",
    ".zip": "an archive",
    ".tar": "an archive",
    ".tgz": "an archive",
    ".wav": "a recording",
    ".flac": "a recording",
    ".mp3": "a recording",
}
_PACKED = {".gz", ".bz2", ".zst", ".xz"}


def not_parquet(file: str) -> str:
    """Say what a file is instead of Parquet, by its name, and how to convert it."""
    path = PurePosixPath(file)
    packed = path.suffix.lower() in _PACKED
    suffix = (PurePosixPath(path.stem) if packed else path).suffix.lower()
    if suffix in _READERS:
        kind, read = _READERS[suffix]
        target = f"{path.name.partition('.')[0]}.parquet"
        return (
            f"{file} is {kind}; only Parquet is read; convert it: import pandas; "
            f"pandas.{read.format(file)}.to_parquet({target!r}, index=False)"
        )
    if suffix in _IMAGES:
        return f"{file} is one image; expected a Parquet file with a column of encoded images"
    kind = _OTHERS.get(suffix, "not a Parquet file")
    return (
        f"{file} is {kind}: only Parquet is read, a column of labels beside columns of numbers or "
        "one of encoded images (pandas.DataFrame({'image': …, 'label': …}).to_parquet(FILE))"
    )


def data_files(files: Iterable[str]) -> list[str]:
    """Return the names of those files that look like data that is not read."""
    legal = _READERS.keys() - {".txt", ".json"} | _OTHERS.keys() | _IMAGES | _PACKED
    paths = [PurePosixPath(file) for file in files if PurePosixPath(file).name[0] not in "._"]
    return [
        path.name for path in paths if path.suffix.lower() in legal and path.name[0] not in "._"
    ]


def no_parquet_here(name: str, files: Iterable[str]) -> str:
    """Say what a folder without Parquet files has instead, and how to convert it."""
    paths = [PurePosixPath(file) for file in files]
    images = [path for path in paths if path.suffix.lower() in _IMAGES]
    if images:
        classes = {path.parent.name for path in images}
        suffix = images[0].suffix
        folder = name.rstrip("/")
        return (
            f"data set {name!r} has no Parquet files but {len(images):,} images in {len(classes)} "
            f"folder{'s' if len(classes) > 1 else ''}; folders of images are not read; convert "
            "them (all of one size): import pandas, pathlib; "
            f"pandas.DataFrame([{{'image': p.read_bytes(), 'label': p.parent.name}} for p in "
            f"pathlib.Path({folder!r}).rglob('*{suffix}')]).to_parquet('"
            f"{PurePosixPath(folder).name or 'images'}.parquet')"
        )
    known = [p for p in paths if p.suffix.lower() in _READERS.keys() | _OTHERS.keys() | _PACKED]
    if known:
        return f"data set {name!r} has no Parquet files: {not_parquet(str(known[0]))}"
    return f"data set {name!r} has no Parquet files; {LEGAL}"
