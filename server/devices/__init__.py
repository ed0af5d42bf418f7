"""Acts on devices: registering and renaming them, and telling boards what to do."""
