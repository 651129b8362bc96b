"""So that ``python -m debug.engine package.module:factory`` starts the engine."""

from debug.engine.process import main

main()
