#!/usr/bin/env bash
# Starts the Ray cluster of cluster.yaml, or brings a running one up to date.
#
#   ./scripts/start_cluster.sh [FILE] [options of ray up]      ends with: ray down FILE

source "$(dirname "${BASH_SOURCE[0]}")/venv.sh"
install_raynas "[cluster]"
file="${1:-cluster.yaml}"
shift $(( $# > 0 ))
if grep -Eq 'YOUR-BUCKET|ami-0123456789abcdef0|:123456789012:' "$file"; then
    echo "$file: put your own names where it says YOUR" >&2
    exit 2
fi
export RAY_AUTH_MODE=token
[ -f ~/.ray/auth_token ] || "$VENV/ray" get-auth-token --generate > /dev/null
exec "$VENV/ray" up "$file" --yes "$@"
