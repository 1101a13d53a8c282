"""Makes the field values that a condition asks for, so that every rule can be shown to fire."""

from sentree.rules.ir import And, Atom, Node, Not, Number, Or, SameAs, Text

Wanted = list[Atom]


def wanted_atoms(node: Node) -> Wanted | None:
    """Give the atoms of one way to make the condition true; None where there is no plain way."""
    match node:
        case And(items):
            parts = [wanted_atoms(item) for item in items]
            if any(part is None for part in parts):
                return None
            return [atom for part in parts for atom in part or ()]
        case Or(items):
            return next((part for part in map(wanted_atoms, items) if part is not None), None)
        case Not():
            return []
        case Text(field=str()) | Number(op="="):
            return [node]
        case SameAs() | _:
            return None


def witness(node: Node) -> dict[str, str] | None:
    """Give field values that the condition's positive part asks for."""
    atoms = wanted_atoms(node)
    if not atoms:
        return None
    values: dict[str, dict[str, str]] = {}
    for atom in atoms:
        assert atom.field is not None
        parts = values.setdefault(atom.field, {"start": "", "middle": "", "end": ""})
        match atom:
            case Number(value=number):
                parts["start"] = str(number)
            case Text(op="equals", value=value):
                parts["start"] = value
            case Text(op="startswith", value=value):
                parts["start"] = max(parts["start"], value, key=len)
            case Text(op="endswith", value=value):
                parts["end"] = max(parts["end"], value, key=len)
            case Text(op="contains", value=value):
                parts["middle"] += value
            case Text(op="like", value=value):
                parts["middle"] += example(value)
            case _:
                raise AssertionError(atom)
    return {name: "".join(parts.values()) for name, parts in values.items()}


def example(pattern: str) -> str:
    """Give a text that a LIKE pattern matches."""
    text, escaped = "", False
    for letter in pattern:
        if escaped or letter not in "\\%_":
            text, escaped = text + letter, False
        elif letter == "\\":
            escaped = True
        elif letter == "_":
            text += "q"
    return text


def rotated(text: str) -> str:
    """Put another letter or digit in the place of each."""
    return "".join(
        chr((ord(c) - 97 + 13) % 26 + 97)
        if c.islower() and c.isascii()
        else chr((ord(c) - 65 + 13) % 26 + 65)
        if c.isupper() and c.isascii()
        else str((int(c) + 5) % 10)
        if c.isascii() and c.isdigit()
        else c
        for c in text
    )
