"""Secrets in a URI are used and written nowhere."""

import subprocess
import sys

import pytest

import raynas
from raynas.runs.files.uris import with_secrets, without_secrets
from raynas.runs.storage import inside, open_folder


@pytest.fixture(autouse=True)
def no_secrets_known(monkeypatch):
    monkeypatch.delenv("RAYNAS_STORAGE_SECRETS", raising=False)


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("s3://KEY:SECRET@bucket/runs", "s3://bucket/runs"),
        ("s3://KEY:SE/CRET@bucket/runs", "s3://bucket/runs"),
        ("s3://KEY:SECRET@b/r?region=x&scheme=http", "s3://b/r?region=x&scheme=http"),
        ("s3://b?access_key=A&secret_key=S&region=x", "s3://b?region=x"),
        ("s3://b/r?session_token=T", "s3://b/r"),
        ("sftp://me:password@host/runs", "sftp://me@host/runs"),
        ("abfs://c@account.dfs.net/x?account_key=K", "abfs://account.dfs.net/x"),
        ("https://host/x.parquet?sig=abc&v=1", "https://host/x.parquet?v=1"),
        ("s3://bucket/runs?region=x", "s3://bucket/runs?region=x"),
        ("memory://x", "memory://x"),
        ("runs/a:b@c", "runs/a:b@c"),
    ],
)
def test_what_is_shown(uri: str, shown: str):
    assert without_secrets(uri) == shown


def test_a_folder_that_was_opened_with_secrets_is_opened_again_without():
    endpoint = "?endpoint_override=localhost:1&scheme=http&region=x"
    folder = open_folder(f"s3://KEY:SECRET@bucket/runs{endpoint}") / "run"
    assert folder.uri == f"s3://bucket/runs/run{endpoint}"
    assert folder.path == "bucket/runs/run"
    again = with_secrets(inside(folder.uri, "best"))
    assert again == f"s3://KEY:SECRET@bucket/runs/run/best{endpoint}"
    assert with_secrets("s3://other/runs") == "s3://other/runs"
    code = (
        "from raynas.runs.files.uris import with_secrets; "
        f"assert 'SECRET' in with_secrets({folder.uri!r})"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_errors_do_not_tell_them():
    with pytest.raises(ValueError, match="storage 'nope://me@x' cannot be opened") as error:
        open_folder("nope://me:SECRET@x")
    assert "SECRET" not in str(error.value)
    assert error.value.__cause__ is None


def test_data_with_a_secret_is_refused():
    with pytest.raises(
        ValueError, match=r"was given with a secret in its URI.* environment"
    ) as error:
        raynas.search(data="https://me:HUSH@127.0.0.1:9/x.parquet", space="mlp")
    assert "HUSH" not in str(error.value)
