"""For mkdocstrings: sections of our docstrings stand without blank lines between them."""

from __future__ import annotations

import re
from typing import Any

import griffe

HEADINGS = re.compile(r'(?<!\n)\n(?=(?:Args|Attributes|Returns|Raises|References|Yields):\n)')


class Sections(griffe.Extension):
    """Puts a blank line in front of each section, by which griffe knows it."""

    def on_object(self, *, obj: griffe.Object, **_: Any) -> None:
        """Change a description before it is parsed."""
        if obj.docstring is not None:
            obj.docstring.value = HEADINGS.sub('\n\n', obj.docstring.value)
