#!/usr/bin/env bash
# Searches on all GPUs of this machine, PACK trials on each (default 1).
#
#   PACK=4 ./scripts/search_on_gpus.sh [options of raynas search]

source "$(dirname "${BASH_SOURCE[0]}")/venv.sh"
install_raynas ""
pack="${PACK:-1}"
exec "$VENV/raynas" search --gpus-per-trial "$("$VENV/python" -c "print(1 / $pack)")" "$@"
