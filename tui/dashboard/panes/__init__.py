"""The panes of the dashboard, a file each."""
