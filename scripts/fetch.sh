#!/usr/bin/env bash
# Copies a run from an object store to runs/, without its checkpoints: record, report, best network.
#
#   ./scripts/fetch.sh s3://BUCKET/runs/NAME

source "$(dirname "${BASH_SOURCE[0]}")/venv.sh"
from="${1:-}"
if [ -z "$from" ]; then
    echo "usage: fetch.sh URI, of a run" >&2
    exit 2
fi
install_raynas ""
exec "$VENV/python" - "$from" "runs/$(basename "${from%%\?*}")" <<'PYTHON'
import sys

from pyarrow import fs

from raynas.runs.run_folder import open_run

try:
    folder = open_run(sys.argv[1]).folder
except (OSError, ValueError) as error:
    sys.exit(f"fetch.sh: {error}")
for file in folder.filesystem.get_file_info(fs.FileSelector(folder.path, recursive=True)):
    name = file.path.removeprefix(folder.path).lstrip("/")
    if file.type == fs.FileType.File and "checkpoints" not in name.split("/"):
        target = f"{sys.argv[2]}/{name}"
        fs.LocalFileSystem().create_dir(target.rpartition("/")[0], recursive=True)
        fs.copy_files(file.path, target, folder.filesystem, fs.LocalFileSystem())
print(sys.argv[2])
PYTHON
