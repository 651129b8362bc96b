"""What a person sees: the dashboard and the command line. Loads neither torch nor MAX."""
