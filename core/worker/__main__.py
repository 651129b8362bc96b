"""So that ``python -m core.worker`` starts the worker."""

import sys

from core.worker.process import main

sys.exit(main())
