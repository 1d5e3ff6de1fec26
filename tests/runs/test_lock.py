"""The lease on a run folder that has no locks."""

import json
import threading
import time
import uuid

import pytest

from raynas.runs import lock
from raynas.runs.lock import LEASE, is_locked, locked
from raynas.runs.storage import Folder, open_folder


@pytest.fixture
def folder(monkeypatch) -> Folder:
    monkeypatch.setattr(lock, "RENEW_EVERY_S", 0.2)
    monkeypatch.setattr(lock, "LAPSES_AFTER_S", 1.5)
    folder = open_folder(f"memory://{uuid.uuid4()}")
    folder.make()
    return folder


def test_a_run_that_is_going_on_is_not_taken_over(folder: Folder):
    with locked(folder):
        assert is_locked(folder)
        said: list[str] = []
        going_on = r"going on in another process \(process \d+ on "
        with pytest.raises(ValueError, match=going_on), locked(folder, said.append):
            pass
        assert "waiting 2 s to see whether it is still there" in said[0]
    assert not is_locked(folder)
    with locked(folder):
        pass


def test_the_lease_of_a_dead_process_lapses(folder: Folder):
    owner = {"owner": "gone", "host": "there", "pid": 7, "beat": 3}
    folder.write(LEASE, json.dumps({**owner, "time": time.time()}).encode())
    start = time.monotonic()
    said: list[str] = []
    with locked(folder, said.append):
        assert time.monotonic() - start >= 1.5
        assert len(said) == 1
    folder.write(LEASE, json.dumps({**owner, "time": time.time() - 9999}).encode())
    with locked(folder, said.append):
        assert len(said) == 1, "one so old needs no look"


def test_who_was_taken_for_dead_finds_out_and_leaves_the_lease_alone(folder: Folder):
    lost = threading.Event()
    errors: list[Exception] = []
    with locked(folder) as listeners:
        listeners += [errors.append, lambda error: lost.set()]
        other = {"owner": "other", "host": "there", "pid": 7, "beat": 0, "time": time.time()}
        folder.write(LEASE, json.dumps(other).encode())
        assert lost.wait(5)
    assert "going on in another process (process 7 on there)" in str(errors[0])
    assert b"other" in folder.read(LEASE)
