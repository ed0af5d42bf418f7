"""Acts of and on people and programs: inviting and removing them, their tokens, signing in and out."""
