"""What a person sets once (`config`), and where they left off (`bookmark`)."""
