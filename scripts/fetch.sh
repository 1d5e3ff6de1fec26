#!/usr/bin/env bash
# Copies a run from an object store to runs/, without its checkpoints: record, report, best network.
#
#   ./scripts/fetch.sh s3://BUCKET/runs/NAME

source "$(dirname "${BASH_SOURCE[0]}")/venv.sh"
from="${1:?the URI of a run}"
exec "$VENV/python" - "$from" "runs/$(basename "${from%%\?*}")" <<'PYTHON'
import sys

from pyarrow import fs

filesystem, path = fs.FileSystem.from_uri(sys.argv[1])
files = filesystem.get_file_info(fs.FileSelector(path, recursive=True))
for file in files:
    name = file.path.removeprefix(path).lstrip("/")
    if file.type == fs.FileType.File and not name.startswith("checkpoints/"):
        target = f"{sys.argv[2]}/{name}"
        fs.LocalFileSystem().create_dir(target.rpartition("/")[0], recursive=True)
        fs.copy_files(file.path, target, filesystem, fs.LocalFileSystem())
print(sys.argv[2])
PYTHON
