#!/usr/bin/env bash
# Looks for known vulnerabilities of the versions in constraints.txt, with pip-audit (it asks an
# advisory service over the network).
#
#   ./scripts/audit.sh [options of pip-audit]

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
venv=.venv-audit
[ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
"$venv/bin/pip" install --quiet --disable-pip-version-check pip-audit
exec "$venv/bin/pip-audit" --requirement constraints.txt --no-deps --disable-pip "$@"
