"""Every save of the candidate's source, and what came of each."""
