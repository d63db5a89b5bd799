"""What ends the demo early; the text is all that the reader gets, so it says what to do."""


class DemoFailed(Exception):
    """The demo cannot go on."""
