"""Where in the code of a wrong layer the mistake is, and what it is."""
