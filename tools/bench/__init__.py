"""Speed and memory as ratios inside one run, for this hardware is noisy."""
