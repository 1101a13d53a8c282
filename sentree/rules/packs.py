"""Rule packs: a folder, file or zip archive of rules, with a name and a version where it has one.

A pack names itself in `pack.toml` at its top: name, version, and what else it likes to say. One
without it is named by its folder or file and has no version.
"""

from __future__ import annotations

import hashlib
import shutil
import tempfile
import tomllib
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path, PurePosixPath
from typing import Any

from sentree.errors import UsageError
from sentree.rules.load import LoadedRules, Rule, load_rules
from sentree.rules.placeholders import Placeholders

OWN_RULES = str(files("sentree.rules") / "builtin")
"""The rules that come with Sentree."""
MANIFEST = "pack.toml"
MAX_FILES = 50_000
MAX_BYTES = 500_000_000
_KEPT = {".yml", ".yaml", ".toml", ".json", ".jsonl", ".txt", ".md", ".evtx"}


@dataclass(frozen=True, slots=True)
class Pack:
    """Where a pack's files lie, and what it calls itself."""

    path: Path
    name: str
    version: str | None = None
    author: str | None = None
    licence: str | None = None

    @property
    def label(self) -> str:
        """Name and version in one word or two."""
        return f"{self.name} {self.version}" if self.version else self.name


def open_pack(given: Path, cache: Path) -> Pack:
    """Open a folder, file or zip archive; an archive is unpacked below `cache`, once.

    Raises:
        UsageError: the archive or the manifest can't be read.
    """
    folder = given
    if given.is_file() and given.suffix.lower() == ".zip":
        folder = _unpacked(given, cache)
    manifest = folder / MANIFEST
    if not manifest.is_file():
        return Pack(folder, given.absolute().stem if given.is_file() else given.absolute().name)
    try:
        data: dict[str, Any] = tomllib.loads(manifest.read_text("utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"rule pack {manifest}: can't be read: {error}") from None
    for key in ("name", "version"):
        if not isinstance(data.get(key), str) or not data[key].strip():
            raise UsageError(f'rule pack {manifest}: write {key} = "..."')
    texts = {key: value for key, value in data.items() if isinstance(value, str)}
    return Pack(
        path=folder,
        name=texts["name"],
        version=texts["version"],
        author=texts.get("author"),
        licence=texts.get("licence") or texts.get("license"),
    )


def load_packs(
    packs: Sequence[Pack],
    *,
    cache: Path | None = None,
    placeholders: Placeholders | None = None,
) -> LoadedRules:
    """Read the packs' rules, each with its pack; of two with one id the first counts.

    All are read as one set, so that what one pack says of rules may be said of another's.
    """
    loaded = load_rules([pack.path for pack in packs], cache=cache, placeholders=placeholders)
    rules: list[Rule] = []
    for rule in loaded.rules:
        pack = _pack_of(rule, packs)
        rules.append(replace(rule, pack=pack.name, pack_version=pack.version) if pack else rule)
    return replace(loaded, rules=tuple(rules))


def _pack_of(rule: Rule, packs: Sequence[Pack]) -> Pack | None:
    """Give the innermost pack that the rule's file lies in."""
    around = [pack for pack in packs if Path(rule.path).is_relative_to(pack.path)]
    return max(around, key=lambda pack: len(pack.path.parts), default=None)


def _unpacked(archive: Path, cache: Path) -> Path:
    try:
        digest = hashlib.sha256(archive.read_bytes()).hexdigest()[:16]
        target = cache / f"{archive.stem}-{digest}"
        if not target.is_dir():
            cache.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=cache) as work, zipfile.ZipFile(archive) as opened:
                _extract(opened, Path(work) / "pack", archive)
                shutil.move(Path(work) / "pack", target)
    except (OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise UsageError(f"rule pack {archive}: can't be unpacked: {error}") from None
    # An archive of one folder is that folder.
    inside = list(target.iterdir())
    return inside[0] if len(inside) == 1 and inside[0].is_dir() else target


def _extract(opened: zipfile.ZipFile, target: Path, archive: Path) -> None:
    """Write the archive's rule files; nothing leaves the folder or grows without bound."""
    target.mkdir()
    members = [one for one in opened.infolist() if not one.is_dir()]
    if len(members) > MAX_FILES:
        raise UsageError(f"rule pack {archive}: has more than {MAX_FILES:,} files")
    left = MAX_BYTES
    for member in members:
        name = PurePosixPath(member.filename.replace("\\", "/"))
        if name.suffix.lower() not in _KEPT:
            continue
        if name.is_absolute() or ".." in name.parts or ":" in name.parts[0]:
            raise UsageError(f"rule pack {archive}: has a file outside of it: {member.filename}")
        path = target.joinpath(*name.parts)
        path.parent.mkdir(parents=True, exist_ok=True)
        with opened.open(member) as source:
            content = source.read(left + 1)
        left -= len(content)
        if left < 0:
            raise UsageError(f"rule pack {archive}: unpacks to more than {MAX_BYTES:,} bytes")
        path.write_bytes(content)
