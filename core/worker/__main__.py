"""So that ``python -m core.worker`` starts the worker."""

from core.worker.process import main

main()
