"""The child process that owns torch and MAX: ``python -m debug.engine FACTORY``."""
