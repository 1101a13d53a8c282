"""The rules that `sentree ingest` loaded into the lake, as a rule pack like any other."""

from __future__ import annotations

import hashlib
import re
import shutil
import tempfile
from pathlib import Path, PurePath

from sentree.errors import LakeError
from sentree.lake.db import Lake, sql_text
from sentree.rules.packs import MANIFEST

NAME = "lake"
_ODD = re.compile(r"[^A-Za-z0-9_-]+")
_LONGEST_STEM = 60


def stored_pack(lake: Lake, tenant: str, cache: Path) -> Path | None:
    """Write the newest document of each of a tenant's rules to a folder; None where there is none.

    Args:
        lake: the lake.
        tenant: whose rules.
        cache: the folder below which the pack is kept; one of the same documents is used again.

    Raises:
        LakeError: the lake can't be read, or the folder not be written.
    """
    rows = lake.query(sql_text("stored_rules"), {"tenant": tenant})
    if not rows:
        return None
    digest = hashlib.sha256(
        "\n---\n".join(row["document"] for row in rows).encode("utf-8", "replace")
    )
    version = digest.hexdigest()[:16]
    target = cache / f"{NAME}-{version}"
    if target.is_dir():
        return target
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=cache) as work:
            folder = Path(work) / "pack"
            folder.mkdir()
            for number, row in enumerate(rows, start=1):
                stem = _ODD.sub("_", PurePath(row["path"]).stem)[:_LONGEST_STEM]
                text = row["document"].encode("utf-8", "replace")
                (folder / f"{number:06}_{stem}.yml").write_bytes(text)
            (folder / MANIFEST).write_text(f'name = "{NAME}"\nversion = "{version}"\n', "utf-8")
            try:
                shutil.move(folder, target)
            except OSError:
                # Another process may have written the same in the meantime.
                if not target.is_dir():
                    raise
    except OSError as error:
        raise LakeError(f"the lake's rules can't be written to {cache}: {error.strerror}") from None
    return target
