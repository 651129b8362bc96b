"""The values of one layer, on a screen of their own."""
