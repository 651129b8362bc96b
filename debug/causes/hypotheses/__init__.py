"""What may have been done instead of what PyTorch does.

To add a mistake, such as "dropout was left on", go to ``functions.py``: it has a
generator for each PyTorch function. ``operands.py`` has what is about a step's operands,
``precision.py`` what is about bits, and ``fitted.py`` what is left when nothing has a
name.
"""
