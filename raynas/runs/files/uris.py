"""URIs of folders: how a person writes them, and the secrets in them, which nobody is shown.

What is in a URI would stand in run.yaml, in reports and in the commands to type next. So a secret
is taken out where a URI is opened; the processes of this command know it through an environment
variable of theirs.
"""

import json
import os
import re

_KNOWN = "RAYNAS_STORAGE_SECRETS"
"""The variable: URIs as they are shown, and as they were written."""
_SECRET = re.compile(
    r"secret|token|passw|access_?key|account_?key|api_?key|credential|signature|^sig$|^pwd$|^key$",
    re.IGNORECASE,
)
_USER = re.compile(r"^([\w+.-]+)://([^/@?]*(?:/[^/@?]*)?)@")
INSTEAD = (
    "pass it by the environment (AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY for s3://) or the "
    "store's credential files"
)


def without_secrets(uri: str) -> str:
    """Return a URI without the password, keys and tokens in it; the name of a user stays.

    In s3:// the user is a key, too.
    """
    if "://" not in uri:
        return uri
    place, mark, options = uri.partition("?")
    if (user := _USER.match(place)) is not None:
        scheme, name = user[1], user[2].partition(":")[0]
        keeps = name and not scheme.startswith(("s3", "gs", "gcs", "abfs", "az"))
        place = f"{scheme}://{f'{name}@' if keeps else ''}{place[user.end() :]}"
    kept = [o for o in options.split("&") if o and not _SECRET.search(o.partition("=")[0])]
    return place + (mark + "&".join(kept) if kept else "")


def remember(uri: str) -> str:
    """Return how a URI is shown; `with_secrets` gives back what it was, here and in our children.

    What lies in it, with its options, is opened by the same secrets.
    """
    shown = without_secrets(uri)
    if shown != uri:
        os.environ[_KNOWN] = json.dumps({**_known(), shown: uri})
    return shown


def with_secrets(shown: str) -> str:
    """Return the URI of a folder as it was written, or of one that lies in such a folder."""
    place, _, options = shown.partition("?")
    for known, uri in _known().items():
        outer, _, shared = known.partition("?")
        if options == shared and (place == outer or place.startswith(f"{outer}/")):
            original, question, all_options = uri.partition("?")
            return original.rstrip("/") + place[len(outer) :] + question + all_options
    return shown


def _known() -> dict[str, str]:
    known: dict[str, str] = json.loads(os.environ.get(_KNOWN, "{}"))
    return known
