#!/usr/bin/env bash
# Installs raynas into .venv and searches a small CNN for scikit-learn's handwritten digits.
#
#   ./scripts/search.sh [options of raynas search]      e.g. --trials 100 --strategy random

source "$(dirname "${BASH_SOURCE[0]}")/venv.sh"
install_raynas ""
export OMP_NUM_THREADS="${OMP_NUM_THREADS:-1}"
exec "$VENV/raynas" search --space chain_cnn --data digits --trials 30 --epochs 12 "$@"
