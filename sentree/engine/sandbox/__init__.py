"""Sandboxed Python for cells that a model wrote; see `pool` for what it can't reach."""

from sentree.engine.sandbox.pool import PythonSandbox
from sentree.engine.sandbox.session import PythonSession

__all__ = ["PythonSandbox", "PythonSession"]
