"""The pages of the site that are made of the package, and lie nowhere as files."""

from __future__ import annotations

from pathlib import Path

from generated.api import api_pages
from generated.commands import commands_page
from generated.models import models_page
from generated.parts import parts_pages
from generated.results import results_pages

ROOT = Path(__file__).parents[3]
PROJECT = {
    'CONTRIBUTING.md': 'project/contributing.md',
    'CHANGELOG.md': 'project/changelog.md',
    'SECURITY.md': 'project/security.md',
}


def generated_pages() -> dict[str, str]:
    """Markdown by the page's place below docs/."""
    pages = {
        'reference/commands.md': commands_page(),
        'reference/models.md': models_page(),
        **parts_pages(),
        **api_pages(),
        **results_pages(ROOT / 'configs'),
    }
    for file, page in PROJECT.items():
        if (ROOT / file).exists():
            pages[page] = (ROOT / file).read_text(encoding='utf-8')
    return pages
