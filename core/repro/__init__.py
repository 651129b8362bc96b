"""One layer of a port as a folder that shows its mistake without maxwhisper."""
