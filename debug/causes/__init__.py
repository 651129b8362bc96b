"""Where in the code of a layer that is wrong the mistake is, and what it is."""
