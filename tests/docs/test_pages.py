"""What the pages tell a reader to type is typed here, and what they show is compared."""

from __future__ import annotations

import ast
import re
import shlex
import sys
from pathlib import Path

import numpy as np
import pytest

from restorekit.cli import EXAMPLES, command_parser, find_command
from restorekit.config import load_config
from restorekit.io import write_hdr, write_image
from restorekit.io.checkpoint import write_checkpoint
from restorekit.registry import MODELS, REGISTRIES
from tests.conftest import smooth_image
from tests.docs.pages import Block, Page, agree, blocks, commands, differences, opened, rewrite
from tests.helpers import restorekit

ROOT = Path(__file__).parents[2]
DOCS = ROOT / 'docs'
# Run from the first block to the last, in a folder of their own; guides among the files of `stage`.
GUIDES = [DOCS / f'{name}.md' for name in ('index', 'restore', 'data', 'hdr', 'configs', 'metrics')]
RUN = sorted([*DOCS.glob('start/*.md'), *DOCS.glob('tutorials/*.md'), *GUIDES])
QUICK = ('bracket.md', 'index.md', 'configs.md')
# Read alone: of clusters, GPUs, servers and published weights, which have tests of their own.
READ = sorted({*DOCS.rglob('*.md'), ROOT / 'README.md', *ROOT.glob('configs/*/README.md')} - {*RUN})


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize(
    'path',
    [
        pytest.param(path, id=_name(path), marks=[] if path.name in QUICK else pytest.mark.slow)
        for path in RUN
    ],
)
def test_a_page_does_what_it_shows(path, tmp_path):
    pytest.importorskip('skimage')
    if path in GUIDES:
        stage(tmp_path)
    wrong = [
        f'expected:\n{block.text}\nprinted:\n{printed}'
        for block, printed in differences(path, tmp_path)
    ]
    assert wrong == [], f'python -m tests.docs.pages {_name(path)} writes what came'


def stage(folder: Path) -> None:
    """The files that the guides speak of, small."""
    image = smooth_image(120, 160)
    write_image(folder / 'photo.jpg', image)
    for name in ('card/a.png', 'card/day/b.png', 'c.jpg'):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        write_image(folder / name, image[:40, :56])
    (folder / 'more.txt').write_text('c.jpg\n')
    for scene, evs in (('scene', (-2, 0, 2)), ('brackets/a', (-4, -2, 0, 2, 4))):
        write_bracket(folder / scene, image, evs)
    write_bracket(folder / 'data/Kalantari/Training/a', image, (-2, 0, 2), bits=16)
    write_hdr(folder / 'data/Kalantari/Training/a/HDRImg.hdr', image)
    write_bracket(folder / 'SICE/1', image, (-2, 0, 2))
    for name in ('SICE/Label/1', 'data/DIV2K/DIV2K_train_HR/0001', 'data/sr/Set5/HR/a'):
        (folder / name).parent.mkdir(parents=True)
        write_image(folder / f'{name}.png', image)
    mine = MODELS.build(load_config('ain/ain-small_x2_2k_bsd200.py').model)
    write_checkpoint(folder / 'mine.pth', {'state_dict': mine.state_dict(), 'meta': {}})


def write_bracket(folder: Path, image: np.ndarray, evs: tuple[int, ...], bits: int = 8) -> None:
    """Exposures of a scene and their `exposure.txt`."""
    folder.mkdir(parents=True)
    for number, ev in enumerate(evs):
        frame = np.clip(image * 2.0 ** (ev / 2), 0, 1)
        write_image(folder / f'{number}.{"tif" if bits == 16 else "png"}', frame, bits=bits)
    (folder / 'exposure.txt').write_text(''.join(f'{ev}\n' for ev in evs))


def misspelt(words: list[str]) -> str | None:
    """What is wrong with a `restorekit` command as far as its parser can tell."""
    name, arguments = find_command(words[1:])
    known = {option for a in command_parser(name)._actions for option in a.option_strings}
    given = {word.partition('=')[0] for word in arguments if re.match(r'--?[a-z]', word)}
    return f'{name}: {sorted(given - known)}' if given - known else None


@pytest.mark.parametrize('path', READ, ids=_name)
def test_what_a_page_names_is_there(path):
    """Commands and their options; in Python, the syntax and every registered type."""
    text = path.read_text(encoding='utf-8')
    for block in blocks(text):
        if block.kind == 'bash' and 'trap' not in block.text:
            wrong = [misspelt(w) for w in commands(block.text) if w[0] == 'restorekit']
            assert [entry for entry in wrong if entry] == []
        elif block.kind == 'python':
            ast.parse(block.text)
            types = set(re.findall(r"type='(?:\w+\.)?(\w+)'", block.text))
            known = {name for registry in REGISTRIES.values() for name in registry.registered()}
            own = set(re.findall(r"(?:class |layout\(')(\w+)", text))
            assert types - known - own == set()


@pytest.mark.parametrize('name', EXAMPLES)
def test_an_example_in_a_help_text_can_be_parsed(name):
    command_parser(name).parse_args(shlex.split(EXAMPLES[name]))
    shown = ' '.join(restorekit(*name.split(), '--help').stdout.split())
    assert f'Example: restorekit {name} {EXAMPLES[name]}' in shown


def test_a_misspelt_option_is_found():
    assert misspelt(['restorekit', 'prepare', 'tiles', 'A', 'B', '--siez', '4']) == (
        "prepare tiles: ['--siez']"
    )
    assert misspelt(['restorekit', 'restore', 'a.png', '-o', 'out', '--scale', '4']) is None


@pytest.mark.parametrize(
    ('expected', 'printed', 'agrees'),
    [
        ('a 1.00 dB', 'a 1.01 dB\n', True),
        ('a 1.00 dB', 'a 1.05 dB', False),
        ('a … dB 2.0', 'a 77.3 or so dB 2.0', True),
        ('a … dB 2.0', 'a 77.3 or so dB 3.0', False),
        ('3 images', '4 images', False),
        ('…\nlast', 'first\nsecond\nlast', True),
        ('first', 'first\nsecond', False),
        ('loss -0.50', 'loss 0.50', False),
        ('gain +0.00 dB', 'gain -0.01 dB', True),
        ('gain +0.03 dB', 'gain +0.05 dB', False),
    ],
)
def test_agreement(expected, printed, agrees):
    assert agree(expected, printed) is agrees


PAGE = """# Page

```python title="sub/one.py"
value = 1
```

```python
import runpy
print(runpy.run_path('sub/one.py')['value'] + 1.5)
```

```text
{}
```

```bash
ls sub    # a comment
restorekit list no-such
```

```text
…error: no registry 'no-such'…
```
"""


def test_blocks_are_run_in_order_and_compared(tmp_path):
    page = tmp_path / 'page.md'
    page.write_text(PAGE.format('2.5'))
    (tmp_path / 'one').mkdir()
    assert differences(page, tmp_path / 'one') == []
    page.write_text(PAGE.format('3.5'))
    (tmp_path / 'two').mkdir()
    (wrong,) = differences(page, tmp_path / 'two')
    assert (wrong[0].text, wrong[1]) == ('3.5\n', '2.5\n')
    rewrite(page)
    assert page.read_text() == PAGE.format('2.5')


def test_a_command_that_fails_in_silence_is_an_error(tmp_path):
    page = tmp_path / 'page.md'
    page.write_text(PAGE.format('2.5').replace('…error: no', '…wrong no'))
    with pytest.raises(AssertionError, match='no registry'):
        differences(page, tmp_path)


def test_only_pip_is_not_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = Page(tmp_path)
    page.run(Block('bash', '', 'pip install nothing\nexport A=b c=d\nmkdir new\necho "$A"\n', 0, 0))
    assert (tmp_path / 'new').is_dir()
    assert page.printed == 'b\n'


def test_what_a_page_registers_is_forgotten(tmp_path):
    (tmp_path / 'in_page.py').write_text(
        'from restorekit.registry import LOSSES\n@LOSSES.register_module()\nclass OfAPage: ...\n'
    )
    with opened(tmp_path) as page:
        page.run(Block('bash', '', 'export PYTHONPATH=.\n', 0, 0))
        page.run(Block('python', '', 'import in_page\n', 0, 0))
        assert 'OfAPage' in REGISTRIES['LOSSES'].names()
    assert 'OfAPage' not in REGISTRIES['LOSSES'].names()
    assert 'in_page' not in sys.modules
    assert str(tmp_path) not in sys.path
