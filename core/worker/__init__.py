"""The process that the commands ask for torch and MAX: ``python -m core.worker``."""
