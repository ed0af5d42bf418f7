"""Speed and memory as ratios inside one run, because hardware is noisy."""
