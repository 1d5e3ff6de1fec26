#!/usr/bin/env bash
# Starts a search on the cluster of cluster.yaml, in the background: it goes on without this machine.
#
#   ./scripts/submit.sh NAME FOLDER [options of raynas search]
#
# FOLDER has your space and data modules; the run is NAME in the cluster's storage.

source "$(dirname "${BASH_SOURCE[0]}")/venv.sh"
name="${1:?a name for the run}" folder="${2:?the folder with your space and data modules}"
shift 2
file="${CLUSTER:-cluster.yaml}"
"$VENV/ray" rsync-up "$file" "${folder%/}/" "work/$name/"
"$VENV/ray" exec "$file" --tmux "cd work/$name && raynas search --address auto --name $name --storage \$RAYNAS_STORAGE $(printf '%q ' "$@")"
echo "See how it goes: $VENV/ray exec $file 'raynas status \$RAYNAS_STORAGE/$name'"
