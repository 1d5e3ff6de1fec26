"""Architectures in words."""

from raynas.space.decision import JSON


def describe(value: JSON) -> str:
    """Say in one line what an architecture is: "conv 32 filters, 3 kernel, relu → dense 16 units".

    Works for any JSON value: lists are chains, a record is led by its "type" (or "op"), texts stand
    for themselves and numbers come with the name of their field.
    """
    if isinstance(value, list):
        return " → ".join(describe(item) for item in value) or "nothing"
    if isinstance(value, dict):
        return _record(value)
    return "none" if value is None else str(value)


def _record(record: dict[str, JSON]) -> str:
    lead = str(record.get("type", record.get("op", "")))
    words, chains = [], []
    for name, field in record.items():
        if name in ("type", "op"):
            continue
        if isinstance(field, list) and any(isinstance(item, dict | list) for item in field):
            chains.append(describe(field))
        elif isinstance(field, dict):
            chains.append(f"{name}: {describe(field)}")
        elif isinstance(field, list):
            words.append(f"{name} {', '.join(map(str, field))}" if field else "")
        else:
            words.append(field if isinstance(field, str) else f"{name} {field}")
    parts = [" ".join(filter(None, [lead, ", ".join(filter(None, words))])), *chains]
    return " → ".join(filter(None, parts)) or "nothing"
