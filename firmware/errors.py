"""What a board cannot work with."""


class SettingsError(ValueError):
    """The settings cannot be used; the text names the key and what is allowed."""
