"""`boardwalk flash`: brings the firmware and a device's credentials onto a board."""
