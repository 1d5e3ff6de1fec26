"""A run in an object store: a real S3 server here, a search killed on it, and resumed."""

import itertools
import re
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
import torch
from command_cases import command
from moto.server import ThreadedMotoServer
from run_cases import wait_for, write_space

import raynas
from raynas.runs.storage import Folder, open_folder

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of boto3

Server = tuple[ThreadedMotoServer, str]
"""An S3 server, and a URI in a bucket of it."""


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    """A server that runs for this test; it keeps what it has while it is stopped."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    server._port = port  # where it starts again
    url = f"http://127.0.0.1:{port}"
    try:
        boto3.client("s3", endpoint_url=url, region_name="us-east-1").create_bucket(Bucket="runs")
        yield server, f"s3://runs/mine?scheme=http&endpoint_override=127.0.0.1:{port}"
    finally:
        server.stop()


def rows(folder: Folder) -> int:
    there = folder.exists("trials/00000.parquet")
    return len(raynas.open_run(folder.uri).trials) if there else 0


def test_a_run_is_killed_there_resumed_elsewhere_with_other_workers_and_used(
    server, ray_cluster, tmp_path: Path
):
    moto, storage = server
    write_space(tmp_path / "here")
    (tmp_path / "there").mkdir()
    folder = open_folder(storage) / "run"
    assert re.fullmatch(r"s3://runs/mine/run\?scheme=http&.*", folder.uri)
    options = ["--set=population=2", "--set=tournament=2", "--set=limit=200", "--epochs=2"]
    what = [
        "--space=own.py",
        "--strategy=evolution",
        "--trials=40",
        "--keep=2",
        "--name=run",
        f"--storage={storage}",
    ]
    with command(tmp_path / "here", "search", *what, *options, "--concurrency=1") as driver:
        wait_for(lambda: rows(folder) > 1 or driver.process.poll() is not None)
        code, _, err = driver.end(signal.SIGKILL)
        assert code == -signal.SIGKILL, err
    done = raynas.open_run(folder.uri).trials
    total = len(done) + 4
    with command(tmp_path / "there", "resume", folder.uri, f"--trials={total}") as driver:
        wait_for(lambda: rows(folder) > len(done) or driver.process.poll() is not None)
        moto.stop()
        time.sleep(4)
        moto.start()
        code, out, err = driver.end()
    assert (code, err) == (0, "")
    assert "waiting 15 s to see whether it is still there" in out
    assert f"resume '{folder.uri}' --trials {2 * total}" in out  # as a shell takes it
    with command(tmp_path / "there", "status", folder.uri) as driver:
        code, out, err = driver.end()
    assert f"run: finished, {total} of {total} trials done, 0 failed" in out
    run = raynas.open_run(folder.uri)
    assert sorted(run.trials.number) == list(range(total))
    assert run.trials.architecture_id.is_unique
    assert list(run.trials.trial_id[: len(done)]) == list(done.trial_id)
    assert len(list((folder / "checkpoints").list())) == 2
    assert not folder.exists("lease.json")

    assert run.report() == folder.uri_of("report.html")
    assert b"</html>" in folder.read("report.html")
    retrained = run.retrain(epochs=1)
    assert retrained.folder == (folder / "retrained" / f"trial-{run.best()['number']:05d}").uri
    exported = run.export()
    assert open_folder(exported).exists("network.pt2")
    networks = [raynas.load(uri) for uri in (retrained.folder, exported)]
    inputs = torch.rand(3, *networks[0].input_shape)
    assert torch.equal(networks[0](inputs), networks[1](inputs))


def test_what_is_read_is_one_version_of_a_file(server):
    _, storage = server
    folder = open_folder(storage)
    over = threading.Event()

    def version(number: int) -> bytes:
        return b"%04d" % number * (1000 + number * 619 % 1000)

    def write_them() -> None:
        for number in itertools.count(1):
            folder.write("x", version(number))
            if over.is_set():
                return

    folder.write("x", version(0))
    writer = threading.Thread(target=write_them)
    writer.start()
    try:
        read = {folder.read("x") for _ in range(100)}
    finally:
        over.set()
        writer.join()
    assert len(read) > 1
    assert read <= {version(int(content[:4])) for content in read}
