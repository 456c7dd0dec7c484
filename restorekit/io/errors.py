"""What is raised where files cannot be read."""


class ImageReadError(ValueError):
    """A file is not an image, or is incomplete."""


class BracketError(ValueError):
    """The files of a scene are not a bracket; the message names the scene."""
