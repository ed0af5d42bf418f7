"""The edge server: one process a site that stores, ranks, mails and shows what boards send."""

__version__ = "0.1.0"
