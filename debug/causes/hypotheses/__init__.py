"""What may have been done instead of what PyTorch does.

Where a hypothesis belongs depends on what it takes to propose it.

Known from PyTorch's call alone ("the norm has another epsilon"):

    one PyTorch function        functions.py, a generator for each function
    the operands of a step      operands.py
    a mistyped number           other_numbers.py
    fewer bits                  precision.py
    several steps at once       heads.py, norms.py, moved_steps.py
    rotary positions            rotations.py, angles.py

Proposed by a look at the candidate's value ("query and key are joined in reverse"):

    a joined value              readings.py
    the number of a mask        masking.py
    a size that is off          convolutions.py
    a layer that is not called  repeated.py

Read off both values, wrong and right, because no call has it ("clamped at 3", "a tenth of
it is zero and the rest larger", as dropout that was left on has it):

    every number alike          elementwise.py
    zeros and masks             zeroed.py
    another value added         added.py
    slices in another order     moved_slices.py

Such a reading is a `fit.Fit`, and ``every_fit.py`` lists them all.
"""
