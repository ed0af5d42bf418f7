"""Rules: conditions on events that make mails. Pure."""
