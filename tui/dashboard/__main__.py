"""So that ``python -m tui.dashboard`` opens the dashboard."""

import sys

from tui.dashboard import main

sys.exit(main())
