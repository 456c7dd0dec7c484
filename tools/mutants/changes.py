"""What is changed: one operator, number, condition, argument or statement."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from pathlib import Path
from types import CodeType
from typing import NamedTuple

ROOT = Path(__file__).parents[2]
SWAPS: dict[type, type] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult,
    ast.FloorDiv: ast.Mult, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.BitOr: ast.BitAnd,
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq, ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot,
    ast.IsNot: ast.Is, ast.And: ast.Or, ast.Or: ast.And,
}  # fmt: skip


def changes(node: ast.AST) -> Iterator[Callable[[], None]]:
    """What can be done to a node of a tree."""
    if isinstance(node, ast.BinOp | ast.AugAssign | ast.BoolOp) and type(node.op) in SWAPS:
        yield lambda: setattr(node, 'op', SWAPS[type(node.op)]())
    if isinstance(node, ast.Compare):
        yield lambda: setattr(node, 'ops', [SWAPS[type(node.ops[0])](), *node.ops[1:]])
    if isinstance(node, ast.Constant) and isinstance(node.value, bool):
        yield lambda: setattr(node, 'value', not node.value)
    elif isinstance(node, ast.Constant) and isinstance(node.value, int | float):
        yield lambda: setattr(node, 'value', node.value + 1)
    if isinstance(node, ast.If | ast.IfExp | ast.While):
        yield lambda: setattr(node, 'test', ast.UnaryOp(ast.Not(), node.test))
    if isinstance(node, ast.Call) and node.keywords:
        yield lambda: setattr(node, 'keywords', node.keywords[:-1])
    is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    if isinstance(node, ast.Expr | ast.AugAssign | ast.Raise) and not is_text:
        yield lambda: setattr(node, '__class__', ast.Pass)


def nodes(
    tree: ast.AST, lines: range = range(0), inside: bool = False
) -> Iterator[tuple[ast.AST, range]]:
    """Every node but annotations, which are not run.

    With the lines of its statement, without a body; none where it is not inside a function.
    """
    if inside and isinstance(tree, ast.stmt):
        body = getattr(tree, 'body', None)
        end = body[0].lineno if body else (tree.end_lineno or 0) + 1
        lines = range(tree.lineno, max(end, tree.lineno + 1))
    yield tree, lines
    for name, value in ast.iter_fields(tree):
        if name not in ('annotation', 'returns'):
            within = inside or (name == 'body' and isinstance(tree, ast.FunctionDef))
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from nodes(child, lines, within)


class Mutant(NamedTuple):
    """A changed file: what is changed, its tree, and the lines of the statement."""

    file: Path
    text: str
    tree: ast.Module
    lines: range

    def code(self) -> CodeType:
        return compile(self.tree, str(self.file), 'exec', dont_inherit=True)


def sites(file: Path) -> list[tuple[Path, int, int]]:
    """What `mutant` takes: a file, the place of a node in it, and the number of a change."""
    tree = ast.parse(file.read_text(encoding='utf-8'))
    return [
        (file, place, number)
        for place, (node, _) in enumerate(nodes(tree))
        for number, _ in enumerate(changes(node))
    ]


def mutant(file: Path, place: int, number: int) -> Mutant:
    tree = ast.parse(file.read_text(encoding='utf-8'))
    target, at = next(entry for index, entry in enumerate(nodes(tree)) if index == place)
    old = ast.unparse(target)
    [*changes(target)][number]()
    lines = zip(old.splitlines(), ast.unparse(target).splitlines(), strict=False)
    pair = next((pair for pair in lines if pair[0] != pair[1]), (old, ''))
    where = f'{file.relative_to(ROOT)}:{getattr(target, "lineno", 0)}'
    text = f'{where}: {pair[0].strip()}  ->  {pair[1].strip()}'
    return Mutant(file, text, ast.fix_missing_locations(tree), at)
