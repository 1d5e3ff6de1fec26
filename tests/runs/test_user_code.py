"""The user's own modules travel with a run."""

import io
import subprocess
import sys
import zipfile

import pytest

from raynas.runs.user_code import find_modules


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Modules that import each other in every way, and some that nobody imports."""
    (tmp_path / "pack/deep").mkdir(parents=True)
    (tmp_path / "names").mkdir()
    for name, text in {
        "pack/__init__.py": "",
        "pack/data.py": "from . import near\nfrom .deep import far\nfrom names.there import x\n",
        "pack/near.py": "import json, torch\ndef later():\n    import lazy\n",
        "pack/deep/__init__.py": "from ..up import *\n",
        "pack/deep/far.py": "import raynas\n",
        "pack/up.py": "answer = 42\n",
        "pack/unused.py": "",
        "names/there.py": "x = 1\n",
        "lazy.py": "import pack.data\n",
        "unused.py": "",
    }.items():
        (tmp_path / name).write_text(text)
    monkeypatch.syspath_prepend(str(tmp_path))
    return tmp_path


def test_all_that_is_imported_and_nothing_else(home):
    archive = find_modules("import numpy\n", ["pack.data"], None)
    assert zipfile.ZipFile(io.BytesIO(archive)).namelist() == [
        *("lazy.py", "names/there.py", "pack/__init__.py", "pack/data.py"),
        *("pack/deep/__init__.py", "pack/deep/far.py", "pack/near.py", "pack/up.py"),
    ]
    assert find_modules("import numpy\nimport raynas.space\n", [], home) == b""


def test_they_are_imported_where_they_are_not(home, tmp_path_factory):
    archive = find_modules("from pack.deep import answer\n", [], home)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    (elsewhere / "modules.zip").write_bytes(archive)
    code = (
        "from raynas.runs.user_code import install_modules; "
        "install_modules(open('modules.zip', 'rb').read()); "
        "from pack.deep import answer; print(answer)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=elsewhere, capture_output=True, text=True, check=True
    )
    assert done.stdout == "42\n"
