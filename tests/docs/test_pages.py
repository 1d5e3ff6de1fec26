"""Pages: what they name is there, what is public is in the reference, and they fetch nothing."""

import os
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from blocks import PAGES, ROOT
from test_house import MAY_IMPORT

from raynas.options.scheduler_options import SCHEDULERS
from raynas.strategies import STRATEGIES

LINK = re.compile(r"(?<!`)\]\(([^)\s]+)\)|<img src=\"([^\"]+)\"")
MENTIONED = re.compile(r"`((?:raynas|scripts|tests|search_spaces|docs)/[\w./*-]*)")
FETCHED = re.compile(
    r"<(?:script|img|iframe|source|video|audio|embed|object|image|use)\b[^>]*"
    r"\b(?:src|srcset|data|href)=[\"']?(?:https?:)?//[^>]*>"
    r"|<link\b(?![^>]*\brel=[\"']?canonical)[^>]*\bhref=[\"']?(?:https?:)?//[^>]*>"
    r"|url\([\"']?(?:https?:)?//[^)]*\)|@import[^;]*//[^;]*;",
    re.IGNORECASE,
)
PUBLIC = (
    "raynas",
    "raynas.space",
    "raynas.nets",
    "raynas.strategies",
    "raynas.tune",
    "raynas.testing",
)


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_readme_is_a_first_look() -> None:
    assert len((ROOT / "README.md").read_text(encoding="utf-8").splitlines()) <= 150


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for match in LINK.finditer(page.read_text(encoding="utf-8")):
        target, _, anchor = (match[1] or match[2]).partition("#")
        if target.startswith(("https://", "http://")):
            continue
        there = page.parent / target if target else page
        assert there.exists(), f"{page.name}: {target}"
        if anchor and there.suffix == ".md":
            assert anchor in anchors(there), f"{page.name}: {target}#{anchor}"


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    plain = (re.sub(r"[^\w\s-]", "", head.lower()).strip() for head in heads)
    return {re.sub(r"[-\s]+", "-", head) for head in plain}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_paths_that_are_mentioned_exist(page: Path) -> None:
    for path in MENTIONED.findall(page.read_text(encoding="utf-8")):
        pattern = path.replace("NAME", "*").rstrip("/.")
        assert any(ROOT.glob(pattern)), f"{page.name}: {path}"


def test_the_map_has_every_room() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    for path in re.findall(r"^((?:raynas/)?[a-z_]+(?:/|\.py))  ", text, re.MULTILINE):
        assert (ROOT / path).exists(), path
    for room in (ROOT / "raynas").iterdir():
        if room.is_dir() and (room / "__init__.py").is_file() and room.name != "search_spaces":
            assert f"raynas/{room.name}/" in text, f"CONTRIBUTING's map lacks raynas/{room.name}"


def test_the_table_of_imports_is_true() -> None:
    """Rows that list rooms and nothing else; rooms inside a room count as that room."""
    told: dict[str, set[str]] = {}
    for room, needs in MAY_IMPORT.items():
        top = room.partition("/")[0]
        told.setdefault(top, set()).update(need.partition("/")[0] for need in needs)
    rows = re.findall(
        r"^\| `(\w+)` \| ((?:`\w+`(?:, )?)+)(?:; no ray)? \|$",
        (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"),
        re.MULTILINE,
    )
    assert len(rows) >= 8
    for room, needs in rows:
        assert set(re.findall(r"`(\w+)`", needs)) == told[room] - {room}, room


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built pages; a broken link, or a warning of any kind, fails the build."""
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--quiet", "--strict", "--site-dir", folder],
        cwd=ROOT,
        env={**os.environ, "NO_MKDOCS_2_WARNING": "1"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


def test_built_pages_fetch_nothing(site: Path) -> None:
    files = [file for file in site.rglob("*") if file.suffix in (".html", ".css", ".svg")]
    assert len(files) > 20
    for file in files:
        text = file.read_text(encoding="utf-8")
        found = FETCHED.search(text)
        assert found is None, f"{file.relative_to(site)}: {found and found[0][:200]}"
        assert 'class="mermaid"' not in text, "the theme would fetch what draws it"


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://a.b/c.js"></script>',
        "<link rel=stylesheet href=//a.b/c.css>",
        "src: url(https://a.b/c.woff2)",
        '<img alt="x" src="http://a.b/c.png">',
    ],
)
def test_what_would_be_fetched_is_seen(text: str) -> None:
    assert FETCHED.search(text)


@pytest.mark.parametrize("package", PUBLIC)
def test_what_is_public_is_in_the_reference(site: Path, package: str) -> None:
    name = package.removeprefix("raynas.")
    html = (site / f"reference/{name}.html").read_text(encoding="utf-8")
    for public in import_module(package).__all__:
        path = f"{package}.{public}"
        assert f'id="{path}"' in html or f"<code>{path}</code>" in html or public == "__version__"


def test_what_the_code_knows_is_filled_in(site: Path) -> None:
    for page in site.rglob("*.html"):
        assert "generated:" not in page.read_text(encoding="utf-8"), page
    commands = (site / "reference/commands.html").read_text(encoding="utf-8")
    assert "--workers-per-trial" in commands
    strategies = (site / "strategies.html").read_text(encoding="utf-8")
    assert "controller_learning_rate" in strategies
    assert 'href="https://arxiv.org/abs/1802.01548"' in strategies


def test_every_strategy_and_scheduler_has_its_section() -> None:
    for page, kind, table in (
        ("strategies", "strategy", STRATEGIES),
        ("schedulers", "scheduler", SCHEDULERS),
    ):
        text = (ROOT / f"docs/{page}.md").read_text(encoding="utf-8")
        for name in table.keys() - {"none"}:
            assert f"## {name}\n\n<!-- generated: {kind} {name} -->" in text


def test_pages_know_no_options_by_heart() -> None:
    """Tables of options are made from their models: no page has one of its own."""
    for page in PAGES:
        assert "| option | default |" not in page.read_text(encoding="utf-8"), page
