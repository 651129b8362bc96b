"""The MAX side: its source, its graph, and two ways of running it. Knows no reference."""
