"""The site: it builds without a warning, and nothing in it leads nowhere."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html import unescape
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from generated.api import public_parts
from hooks import page_of, relinked

ROOT = Path(__file__).parents[2]
MAX_PICTURE = 300_000  # bytes


@pytest.fixture(scope='session')
def site(tmp_path_factory) -> Path:
    """The built site."""
    pytest.importorskip('material', reason='mkdocs-material is not installed')
    folder = tmp_path_factory.mktemp('site')
    command = [sys.executable, '-m', 'mkdocs', 'build', '--strict', '-d', str(folder)]
    env = {**os.environ, 'NO_MKDOCS_2_WARNING': '1', 'PYTHONPATH': str(ROOT)}
    result = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr
    return folder


def references(html: str) -> list[str]:
    return [unescape(link) for link in re.findall(r'(?:href|src)="([^"]*)"', html)]


def places(html: str) -> set[str]:
    return set(re.findall(r'(?:id|name)="([^"]*)"', html))


def dead_links(site: Path) -> list[str]:
    """Links to files of the site that are not there, or to places that their page does not have."""
    texts = {path: path.read_text(encoding='utf-8') for path in site.rglob('*.html')}
    known = {path: places(text) for path, text in texts.items()}
    dead = []
    for page, text in texts.items():
        if page.name == '404.html':  # its links begin at the root of wherever the site stands
            continue
        for link in references(text):
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            goal = (page.parent / unquote(parts.path)).resolve() if parts.path else page
            goal = goal / 'index.html' if goal.is_dir() else goal
            place = unquote(parts.fragment)
            lost = place and not place.startswith('__') and place not in known.get(goal, {place})
            if not goal.exists() or lost:
                dead.append(f'{page.relative_to(site)}: {link}')
    return dead


@pytest.mark.slow
def test_no_link_leads_nowhere(site):
    assert dead_links(site) == []


def test_dead_links_are_found(tmp_path):
    (tmp_path / 'a').mkdir()
    (tmp_path / 'index.html').write_text(
        '<a href="a/"></a><a href="a/#here"></a><a href="a/#gone"></a><img src="no.png">'
    )
    (tmp_path / 'a/index.html').write_text('<p id="here"><a href="../"></a><a href="#lost"></a>')
    assert sorted(dead_links(tmp_path)) == [
        'a/index.html: #lost',
        'index.html: a/#gone',
        'index.html: no.png',
    ]


@pytest.mark.slow
def test_every_public_part_has_its_place(site):
    for module, parts in public_parts().items():
        page = (site / f'reference/api/{module}/index.html').read_text(encoding='utf-8')
        assert set(parts) - places(page) == set()


@pytest.mark.slow
def test_every_page_is_in_the_menu_of_the_first(site):
    """A section, then a page: two clicks."""
    home = (site / 'index.html').read_text(encoding='utf-8')
    reached = {(site / link).resolve() for link in references(home) if not urlsplit(link).scheme}
    pages = {path.parent.resolve() for path in site.rglob('index.html')}
    assert pages - reached - {site.resolve()} == set()


@pytest.mark.slow
def test_nothing_is_fetched_from_elsewhere(site):
    for page in site.rglob('*.html'):
        text = page.read_text(encoding='utf-8')
        fetched = re.findall(r'<(?:script|img|link|iframe)[^>]+(?:src|href)="(https?:[^"]+)"', text)
        assert fetched == [], page


def test_pictures_are_small():
    pictures = [
        path for path in (ROOT / 'docs').rglob('*') if path.suffix in ('.jpg', '.png', '.svg')
    ]
    assert pictures
    assert {path.name for path in pictures if path.stat().st_size > MAX_PICTURE} == set()


def test_links_between_files_of_the_repository_become_links_between_pages():
    text = '[a](../../docs/hdr.md#chains) ![b](../../docs/images/x.jpg) [c](https://e.org/a.md)'
    assert relinked(text, 'results/cfan.md') == (
        '[a](../hdr.md#chains) ![b](../images/x.jpg) [c](https://e.org/a.md)'
    )
    assert (
        relinked('[`setup`](../../setup.py) [x](no.md)', 'results/ain.md') == '`setup` [x](no.md)'
    )
    assert page_of('configs/ain/README.md') == 'results/ain.md'
    assert page_of('setup.py') is None
