"""Names the state of a folder of rules, and of the product that reads them, without parsing any."""

from __future__ import annotations

from hashlib import sha256
from importlib import metadata
from pathlib import Path


def rules_fingerprint(folder: Path) -> str:
    """Give a hash that changes with any rule of the folder and with the product's version.

    Raises:
        OSError: a file can't be read.
    """
    hashed = sha256(metadata.version("sentree").encode())
    for path in sorted(each for each in folder.rglob("*") if each.suffix in (".yml", ".yaml")):
        content = path.read_bytes()
        hashed.update(f"\0{path.relative_to(folder).as_posix()}\0{len(content)}\0".encode())
        hashed.update(content)
    return hashed.hexdigest()
