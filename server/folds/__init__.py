"""What is known in memory: folds of the log, who is here, and their checkpoints."""
