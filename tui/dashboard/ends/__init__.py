"""Both ends of the model: what goes in, and what its result is used for."""
