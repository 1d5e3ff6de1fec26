"""What all tests share: the `--slow` option and one real local Ray."""

import atexit
import logging
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")  # else Ray warns of its future
os.environ.setdefault("TUNE_DISABLE_AUTO_CALLBACK_LOGGERS", "1")

os.environ["XDG_CONFIG_HOME"] = tempfile.mkdtemp(prefix="raynas-tests-")  # where runs' key lies
atexit.register(shutil.rmtree, os.environ["XDG_CONFIG_HOME"], ignore_errors=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--slow", action="store_true", help="also run the tests marked slow")


LONGEST_FIRST = (
    "engine/round_trip/test_every_strategy.py",
    "engine/test_two_hosts.py",
    "engine/test_ray_job.py",
    "engine/test_s3.py",
    "results/",
    "engine/",
    "docs/",
    "cli/",
    "strategies/",
    "report/",
)
"""Where tests take long; two workers then end at the same time. All other files follow."""


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=_place)
    if config.getoption("--slow"):
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow; run with --slow"))


def _place(item: pytest.Item) -> int:
    path = item.path.relative_to(Path(__file__).parent).as_posix()
    places = (place for place, start in enumerate(LONGEST_FIRST) if path.startswith(start))
    return next(places, len(LONGEST_FIRST))


@pytest.fixture(scope="session")
def ray_cluster() -> Iterator[None]:
    """Start one real Ray with two logical CPUs on this machine."""
    import ray

    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level=logging.ERROR,
    )
    yield
    ray.shutdown()
