"""What may have been done instead of what PyTorch does.

To add a mistake, such as "the norm has another epsilon", go to ``functions.py``: it has a
generator for each PyTorch function. ``operands.py`` has what is about a step's operands,
``precision.py`` what is about bits, and ``fitted.py`` what can only be told from both
values, such as a dropout that was left on, and what has no name.
"""
