#!/usr/bin/env bash
# Checks that the version ranges of pyproject.toml hold: installs the lowest and the newest versions
# that they allow into .venv-lowest and .venv-newest and runs with both what a search is made of: the
# strategies' contract, the private names, one search killed, resumed, retrained and exported.
#
#   ./scripts/smoke_versions.sh [lowest|newest]
#
# PyTorch stays the build of constraints.txt. Another version's new warnings are no failures.

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
kinds=("${@:-lowest}")
[ $# -gt 0 ] || kinds=(lowest newest)
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}" PYTHONWARNINGS=ignore
tests=(
    tests/strategies/test_strategy_contract.py
    tests/test_private_names.py
    "tests/engine/round_trip/test_every_strategy.py::test_killed_resumed_retrained_and_exported[evolution]"
    tests/networks/test_formats.py
)

install() {
    local kind="$1" venv=".venv-$1" upgrade=()
    [ -x "$venv/bin/python" ] || "${PYTHON:-python3}" -m venv "$venv"
    grep '^torch==' constraints.txt > "$venv/versions.txt"
    if [ "$kind" = lowest ]; then
        "$venv/bin/python" scripts/lowest_versions.py | grep -v '^torch==' >> "$venv/versions.txt"
    else
        upgrade=(--upgrade --upgrade-strategy eager)
    fi
    "$venv/bin/pip" install --quiet --disable-pip-version-check --constraint "$venv/versions.txt" \
        "${upgrade[@]}" --editable ".[onnx]" pytest pytest-xdist 2> "$venv/install.log" ||
        { cat "$venv/install.log" >&2; return 1; }
}

echo "Installing the ${kinds[*]} versions"
started=()
for kind in "${kinds[@]}"; do
    install "$kind" &
    started+=($!)
done
for one in "${started[@]}"; do
    wait "$one"
done
for kind in "${kinds[@]}"; do
    echo "Testing with the $kind versions"
    ".venv-$kind/bin/python" -m pytest --quiet -W ignore -p no:cacheprovider \
        --numprocesses 2 --dist loadfile "${tests[@]}"
done
