"""What mkdocs asks of us: generated pages, the menu, and links to other folders."""

from __future__ import annotations

import os
import posixpath
import re
from pathlib import Path
from typing import Any

from generated import PROJECT, generated_pages

ROOT = Path(__file__).parents[2]
# Where a page goes that the menu does not name, by its folder.
SECTIONS = {
    'start': 'Start here',
    'tutorials': 'Tutorials',
    'methods': 'Methods',
    'reference': 'Reference',
    'results': 'Methods',
    'project': 'Project',
    '': 'Guides',
}
GROUPS = {
    'reference/options': 'Options in a config',
    'reference/api': 'Python',
    'results': 'Configs and results',
}
# A link from one file of the repository to another: `[text](path)` or `[text](path#place)`.
LINK = re.compile(r'\[([^\]\n]*)\]\((?!https?:|mailto:|#)([^)\s#]+)(#[^)\s]*)?\)')


def on_config(config: Any) -> Any:
    """Fill the menu up with the pages that it does not name."""
    for name in [name for name in os.environ if name.startswith('RESTOREKIT_')]:
        del os.environ[name]  # the site does not depend on who builds it
    pages = generated_pages()
    config.extra['generated'] = pages
    written = [path.relative_to(ROOT / 'docs') for path in (ROOT / 'docs').rglob('*.md')]
    everything = sorted({*pages, *(path.as_posix() for path in written)}, key=_order)
    sections = {name: entry for item in config.nav for name, entry in item.items()}
    named = set(re.findall(r'[\w/-]+\.md', str(config.nav)))
    for page in everything:
        if page not in named:
            folder = posixpath.dirname(page)
            section = sections[SECTIONS[folder.partition('/')[0]]]
            (_group(section, GROUPS[folder]) if folder in GROUPS else section).append(page)
    return config


def _group(section: list, title: str) -> list:
    """The pages under a title within a section, which is made where it is missing."""
    for entry in section:
        if isinstance(entry, dict) and title in entry:
            return entry[title]
    section.append({title: []})
    return section[-1][title]


def _order(page: str) -> tuple:
    """Pages of a section before those of its groups, then by name."""
    return posixpath.dirname(page) in GROUPS, page


def on_files(files: Any, config: Any) -> Any:
    """Add what is generated; it is nowhere on the disk."""
    from mkdocs.structure.files import File  # links can be tested without it

    for page, text in config.extra['generated'].items():
        files.append(File.generated(config, page, content=text))
    return files


def on_page_markdown(markdown: str, page: Any, **_: Any) -> str:
    """Lead links to files outside `docs/` to the pages that are made of them."""
    return relinked(markdown, page.file.src_uri)


def relinked(markdown: str, page: str) -> str:
    """A page's text with links to files of the repository as links to pages.

    Args:
        markdown: The text.
        page: Where it lies, below docs/; results/NAME.md stands for configs/NAME/README.md.
    """
    source = source_of(page)

    def led(match: re.Match) -> str:
        text, path, place = match[1], match[2], match[3] or ''
        target = posixpath.normpath(posixpath.join(posixpath.dirname(source), path))
        goal = page_of(target)
        if goal is None:  # a file that is on no page: its name has to do
            return text if (ROOT / target).exists() else match[0]
        return f'[{text}]({posixpath.relpath(goal, posixpath.dirname(page) or ".")}{place})'

    return LINK.sub(led, markdown)


def source_of(page: str) -> str:
    """The file of the repository that a page is made of."""
    if page.startswith('results/'):
        return f'configs/{Path(page).stem}/README.md'
    if page in PROJECT.values():
        return next(file for file, made in PROJECT.items() if made == page)
    return f'docs/{page}'


def page_of(file: str) -> str | None:
    """The page that is made of a file of the repository; None where there is none."""
    method = re.fullmatch(r'configs/(\w+)(/README\.md)?', file)
    if method:
        return f'results/{method[1]}.md'
    return PROJECT.get(file, file.removeprefix('docs/') if file.startswith('docs/') else None)
