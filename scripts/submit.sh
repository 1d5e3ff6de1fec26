#!/usr/bin/env bash
# Starts a search on the cluster of cluster.yaml, as a Ray job: it goes on without this machine.
#
#   ./scripts/submit.sh NAME FOLDER [options of raynas search]
#
# FOLDER has your space and data modules; the run and the job are NAME, in the cluster's storage.

source "$(dirname "${BASH_SOURCE[0]}")/venv.sh"
if [ $# -lt 2 ] || [ ! -d "$2" ]; then
    echo "usage: submit.sh NAME FOLDER [options of raynas search]; FOLDER must exist" >&2
    exit 2
fi
name="$1" folder="$2"
shift 2
file="${CLUSTER:-cluster.yaml}" options=""
[ $# = 0 ] || options="$(printf ' %q' "$@")"
install_raynas "[cluster]"
export RAY_AUTH_MODE=token
"$VENV/ray" rsync-up "$file" "${folder%/}/" "raynas-$name/"
"$VENV/ray" exec "$file" "ray job submit --no-wait --submission-id $name --working-dir raynas-$name -- raynas search --name $name --storage \$RAYNAS_STORAGE$options"
echo "See how it goes: $VENV/ray exec $file 'raynas status \$RAYNAS_STORAGE/$name'"
echo "Read what it says, end it: the same with 'ray job logs $name', 'ray job stop $name'"
echo "Go on with it afterwards: with 'ray job submit -- raynas resume \$RAYNAS_STORAGE/$name'"
