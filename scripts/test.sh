#!/usr/bin/env bash
# Installs raynas with its test tools into .venv, then lints, checks types and runs the tests.
#
#   ./scripts/test.sh [options of pytest]      e.g. --slow, or tests/space -k mutate

source "$(dirname "${BASH_SOURCE[0]}")/venv.sh"
install_raynas "[dev]"
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
echo "Linting"
"$VENV/ruff" check --quiet .
"$VENV/ruff" format --quiet --check .
echo "Checking types"
"$VENV/mypy" --no-error-summary
echo "Testing"
exec "$VENV/pytest" --quiet --numprocesses auto --maxprocesses 4 --dist loadfile \
    --no-loadscope-reorder "$@"
