"""Payloads to outcomes: one transaction a batch, one ack after each commit."""
