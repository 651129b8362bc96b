"""Other ways to run the same weights, measured beside the port."""
