"""Makes what builds the site importable."""

import sys
from pathlib import Path

TOOLS = str(Path(__file__).parents[2] / 'tools/docs')
if TOOLS not in sys.path:
    sys.path.insert(0, TOOLS)
