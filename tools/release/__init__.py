"""What a firmware release is made of."""
