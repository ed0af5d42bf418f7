"""Acts of people and programs, and on them: inviting, removing, tokens, signing in and out."""
