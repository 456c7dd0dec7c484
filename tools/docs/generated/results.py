"""A page for each folder of configs: its README, and the files in it."""

from __future__ import annotations

from pathlib import Path

from generated.tables import table
from restorekit.config import load_config


def results_pages(configs: Path) -> dict[str, str]:
    """Of every folder of `configs` that has a README."""
    return {
        f'results/{readme.parent.name}.md': _page(readme)
        for readme in sorted(configs.glob('*/README.md'))
    }


def _page(readme: Path) -> str:
    folder = readme.parent
    text = readme.read_text(encoding='utf-8').rstrip()
    title, _, rest = text.partition('\n')
    rows = (
        (f'`{folder.name}/{path.name}`', _network(path)) for path in sorted(folder.glob('*.py'))
    )
    return f'{title}: configs and results\n{rest}\n\n## All configs\n\n' + table(
        ('config', 'model'), rows
    )


def _network(path: Path) -> str:
    """What a config builds: the model, or its network and blocks."""
    model = load_config(path).get('model', {})
    network = model.get('backbone')
    if network is None:
        return f'`{model.get("type", "")}`'
    options = ', '.join(
        f'{key}={value!r}'
        for key, value in network.items()
        if key != 'type' and not isinstance(value, dict)
    )
    return f'`{network["type"]}({options})`'
