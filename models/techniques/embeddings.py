"""Sentence embeddings kept on disk by the hash of what was embedded, as plain arrays."""

from __future__ import annotations

import hashlib
import os
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

import numpy as np

from models.router_body import Body
from models.techniques.catalogue import Floats

_NAME = "embeddings-{body}.npz"
PACKAGED = "technique-embeddings-{body}.npz"


class CachedEmbedder:
    """Embeds each text once; in `folder` what was embedded outlives the process.

    Without a folder it is remembered in memory alone. A damaged file counts as none.
    """

    def __init__(self, body: Body, folder: Path | None = None) -> None:
        self._body = body
        self._file = folder and folder / _NAME.format(body=body.sha256.weights[:16])
        self._known = packaged_vectors(body.sha256.weights)
        if self._file is not None:
            self._known |= _read(self._file)

    def embed_all(self, texts: list[str]) -> Floats:
        """Embed texts, a row each; new ones are written to the folder."""
        keys = [text_key(text) for text in texts]
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in self._known}
        for key, text in new.items():
            self._known[key] = self._body.embed(text)
        if new and self._file is not None:
            write_vectors(self._file, self._known)
        if not keys:
            return np.zeros((0, 0), np.float32)
        return np.stack([self._known[key] for key in keys])

    @property
    def body(self) -> str:
        """The sha256 of the encoder's weights."""
        return self._body.sha256.weights


def packaged_vectors(body: str) -> dict[str, Floats]:
    """Give the embeddings of ATT&CK's techniques that come with the package, for one encoder.

    They save the first run a minute. A text that changed has another key and is embedded again.
    """
    with as_file(files("models.data") / PACKAGED.format(body=body[:16])) as file:
        return _read(file)


def load_embedder(folder: Path | None = None) -> CachedEmbedder | None:
    """Load the packaged sentence encoder; None when its optional packages are not installed."""
    try:
        return CachedEmbedder(Body.load(), folder)
    except ImportError:
        return None


def text_key(text: str) -> str:
    """The key under which the embedding of a text is kept."""
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def _read(file: Path) -> dict[str, Floats]:
    try:
        with np.load(file, allow_pickle=False) as stored:
            keys, vectors = stored["keys"], stored["vectors"]
        if vectors.ndim != 2 or len(keys) != len(vectors) or not np.isfinite(vectors).all():
            return {}
        return dict(zip((str(key) for key in keys), vectors.astype(np.float32), strict=True))
    except Exception:
        # Whatever a truncated or foreign archive raises, embedding again is the cure.
        return {}


def write_vectors(file: Path, known: dict[str, Floats]) -> None:
    """Write embeddings by key, half as precise as they were made; a reader sees all or none."""
    file.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=file.parent, suffix=".npz")
    try:
        with os.fdopen(handle, "wb") as out:
            np.savez(
                out,
                keys=np.array(list(known)),
                vectors=np.stack(list(known.values())).astype(np.float16),
            )
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
