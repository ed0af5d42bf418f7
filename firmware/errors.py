"""The errors of a board that cannot work."""


class SettingsError(ValueError):
    """The settings cannot be used; the text names the key and what is allowed."""
