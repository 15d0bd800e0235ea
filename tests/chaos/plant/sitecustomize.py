"""Loaded by every Python process of a fault run that has this folder on its PYTHONPATH: plants a bug in the daemons."""

import os
import sys
from pathlib import Path

if "chatd" in sys.orig_argv and os.environ.get("PLANTED"):
    sys.path.insert(0, str(Path.cwd()))
    from tests.chaos import planted

    planted.plant(os.environ["PLANTED"])
