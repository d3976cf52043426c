"""What bench/peers has that serves here, too."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "peers"))

from machine import available_bytes, describe, field, load  # noqa: E402

__all__ = ["available_bytes", "describe", "field", "load"]
