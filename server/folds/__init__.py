"""What is known in memory: folds of the log, the presence of devices, and checkpoints."""
