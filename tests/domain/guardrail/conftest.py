"""The strategies and the example are shared by their bare names."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).parent))
