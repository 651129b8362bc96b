"""A debugger for neural networks ported to MAX: it knows no model and no screen."""
