# Sourced by the other scripts: makes .venv and installs raynas into it, unless that is done already.
#
#   install_raynas "[extras]"      leaves $VENV, the environment's bin folder

set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
VENV="$PWD/.venv/bin"

install_raynas() {
    local extras="$1" wanted done
    wanted="$(cat pyproject.toml constraints.txt | sha256sum)"
    for done in ".venv/installed$extras" ".venv/installed[dev]"; do  # the test tools come on top
        if [ "$(cat "$done" 2>/dev/null)" = "$wanted" ]; then
            return
        fi
    done
    if [ ! -x "$VENV/python" ]; then
        echo "Making a virtual environment in .venv"
        "${PYTHON:-python3}" -m venv .venv
    fi
    echo "Installing raynas$extras with the versions of constraints.txt (a few minutes the first time)"
    "$VENV/pip" install --quiet --disable-pip-version-check --constraint constraints.txt \
        --editable ".$extras" 2> .venv/install.log || { cat .venv/install.log >&2; exit 1; }
    echo "$wanted" > ".venv/installed$extras"
}
