"""What may have been done instead of what PyTorch does.

To add a mistake, such as "the norm has another epsilon", go to ``functions.py``: it has a
generator for each PyTorch function. ``operands.py`` has what is about a step's operands,
``precision.py`` what is about bits, ``other_numbers.py`` numbers that were mistyped,
``heads.py``, ``norms.py`` and ``moved_steps.py`` what is about several steps,
``rotations.py`` and ``angles.py`` rotary positions.

``readings.py``, ``masking.py``, ``convolutions.py`` and ``repeated.py`` look at the
candidate's values to know what to propose: in which order it joined query, key and value,
which number its mask has, which size its convolution makes, which layer it never calls.

What can only be told from both values, and what has no name, is fitted: `fit.Fit` says
what a fit is, and ``fitted.py`` lists them all. A function of each number goes into
``elementwise.py``, numbers that are hidden or zero into ``zeroed.py``, another value that
is added or multiplied into ``added.py``, another order of slices into ``moved_slices.py``.
"""
