"""Progress bars: live on a terminal, one line for each step in a log."""

import sys
from functools import partial

from tqdm import tqdm

_SECONDS = 0.1 if sys.stderr.isatty() else 3600

bar = partial(tqdm, unit="", mininterval=_SECONDS, maxinterval=_SECONDS)
