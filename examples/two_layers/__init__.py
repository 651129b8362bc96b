"""Two linear layers with a GELU between: the smallest model that the debugger can open.

``reference.py`` is the model in PyTorch, ``graph.py`` its port to MAX, and ``subject.py``
introduces both to the debugger.
"""

FACTORY = "examples.two_layers.subject:open_subject"
"""What a program that opens subjects by name is given."""
