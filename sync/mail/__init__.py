"""Mails on their way: letters, their states, and who takes them."""
