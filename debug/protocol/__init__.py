"""What the screen and the engine say to each other; neither torch nor MAX is needed."""
