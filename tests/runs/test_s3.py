"""A run in an object store: a real S3 server here, a search killed on it, and resumed."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from command_cases import command
from run_cases import wait_for, write_space

import raynas
from raynas.runs.storage import Folder, open_folder

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of boto3


@pytest.fixture
def storage(monkeypatch) -> Iterator[str]:
    """A URI in a bucket of a server that runs for this test."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    serve = ["-c", "from moto.server import main; main()", f"-p{port}"]
    server = subprocess.Popen(
        [sys.executable, *serve], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    url = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: _answers(port))
        boto3.client("s3", endpoint_url=url, region_name="us-east-1").create_bucket(Bucket="runs")
        yield f"s3://runs/mine?scheme=http&endpoint_override=127.0.0.1:{port}&region=us-east-1"
    finally:
        server.kill()
        server.wait()


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def rows(folder: Folder) -> int:
    there = folder.exists("trials/00000.parquet")
    return len(raynas.open_run(folder.uri).trials) if there else 0


def test_a_run_is_killed_there_and_resumed_elsewhere_with_other_workers(storage, tmp_path: Path):
    write_space(tmp_path / "here")
    (tmp_path / "there").mkdir()
    folder = open_folder(storage) / "run"
    assert re.fullmatch(r"s3://runs/mine/run\?scheme=http&.*", folder.uri)
    options = ["--set=population=2", "--set=tournament=2", "--set=limit=200", "--epochs=2"]
    what = ["--space=own.py", "--trials=40", "--keep=2", "--name=run", f"--storage={storage}"]
    with command(tmp_path / "here", "search", *what, *options, "--concurrency=1") as driver:
        wait_for(lambda: rows(folder) > 1 or driver.process.poll() is not None)
        code, _, err = driver.end(signal.SIGKILL)
        assert code == -signal.SIGKILL, err
    done = raynas.open_run(folder.uri).trials
    total = len(done) + 3
    with command(tmp_path / "there", "resume", folder.uri, f"--trials={total}") as driver:
        code, out, err = driver.end()
    assert (code, err) == (0, "")
    assert "waiting 15 s to see whether it is still there" in out
    with command(tmp_path / "there", "status", folder.uri) as driver:
        code, out, err = driver.end()
    assert f"run: finished, {total} of {total} trials done, 0 failed" in out
    trials = raynas.open_run(folder.uri).trials
    assert sorted(trials.number) == list(range(total))
    assert trials.architecture_id.is_unique
    assert list(trials.trial_id[: len(done)]) == list(done.trial_id)
    assert len(list((folder / "checkpoints").list())) == 2
    assert not folder.exists("lease.json")
    assert raynas.load(folder.uri) is not None
