"""Anybody's port as a subject: two modules, their inputs, and which layer is which."""
