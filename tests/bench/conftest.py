"""The benchmark's scripts import each other by bare names, as in their own environments."""

from __future__ import annotations

import sys
from pathlib import Path

BENCH = Path(__file__).parents[2] / "bench"
sys.path[:0] = [str(BENCH / "engine_peers"), str(BENCH / "real_model_server")]
