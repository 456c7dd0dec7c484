"""A paper's table beside what was measured, in three formats."""

from __future__ import annotations

from restorekit.config.tables import PaperTable, Row
from restorekit.metrics.papers import FORMATS, paper_grid

TABLE = PaperTable(
    name='t',
    title='A & B',
    sets={'Set5': ['PSNR', 'SSIM'], 'Set14': ['PSNR']},
    rows=[
        Row(system='VDSR', setting='x2', paper={'Set5': [37.53, 0.9587]}),
        Row(system='IMDN', setting='x2', added=True),
    ],
)
MEASURED = {
    'VDSR x2': {
        'parameters': 664704,
        'gflops': 204.2,
        'figures': {'Set5': {'PSNR': 37.588, 'SSIM': 0.95912}},
    },
    'IMDN x2': {'status': 'not trained here'},
}


def test_cells():
    titles, vdsr, imdn = paper_grid(TABLE, MEASURED)
    assert titles[5:] == ['Set5 PSNR / SSIM', 'Set5 PSNR / SSIM †', 'Set14 PSNR', 'Set14 PSNR †']
    assert vdsr == [
        *('VDSR', 'x2', '664,704', '204.2', '-'),
        *('37.59 / 0.9591', '37.53 / 0.9587', '-', '-'),
    ]
    assert imdn == ['IMDN +', 'x2', *['-'] * 3, 'not trained here', '-', 'not trained here', '-']


def test_formats():
    grid = paper_grid(TABLE, MEASURED)
    texts = {ending: write(TABLE, grid, ['a note']) for ending, write in FORMATS.items()}
    assert '| VDSR | x2 | 664,704 | 204.2 | - | 37.59 / 0.9591 | 37.53 / 0.9587 |' in texts['md']
    assert texts['md'].endswith('- a note\n')
    assert 'VDSR,x2,"664,704",204.2,-,37.59 / 0.9591,37.53 / 0.9587,-,-\n' in texts['csv']
    assert r'\caption{A \& B. $\dagger$ the paper' in texts['tex']
    assert texts['tex'].count(r'\\') == 3
    assert '†' not in texts['tex']
