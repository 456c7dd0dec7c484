"""How the page looks, and what it does: texts that stand inside of it, so that it is one file."""

STYLE = """
:root { --back: #fff; --text: #1d1f23; --soft: #646a73; --line: #dcdfe4; --card: #f6f7f9;
  --mark: #0b62d6; --c0: #0b62d6; --c1: #c2410c; --c2: #15803d; --c3: #9333ea; --c4: #0e7490;
  --c5: #be123c; }
@media (prefers-color-scheme: dark) { :root { --back: #15171a; --text: #e6e8eb; --soft: #9aa1ab;
  --line: #32363c; --card: #1e2125; --mark: #7db4ff; --c0: #7db4ff; --c1: #fb923c; --c2: #4ade80;
  --c3: #c896ff; --c4: #4fd1e6; --c5: #fb7185; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1.5rem clamp(.75rem, 3vw, 2.5rem) 4rem; max-width: 100rem;
  background: var(--back); color: var(--text); font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 0 0 .25rem; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .75rem; }
h3 { font-size: 1rem; margin: 0; overflow-wrap: anywhere; }
p { margin: .25rem 0; max-width: 75ch; } .soft { color: var(--soft); }
nav { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin-top: .75rem; }
a { color: var(--mark); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { padding: .3rem .75rem; border-bottom: 1px solid var(--line); text-align: right;
  white-space: nowrap; }
th { font-weight: 600; color: var(--soft); } th.text, td.text { text-align: left; }
td.best { font-weight: 700; } td small { color: var(--soft); font-weight: 400; }
th button { all: unset; cursor: pointer; } th button:focus-visible { outline: 2px solid; }
th[aria-sort=ascending] button::after { content: ' \\2191'; }
th[aria-sort=descending] button::after { content: ' \\2193'; }
article { background: var(--card); border: 1px solid var(--line); border-radius: 8px;
  padding: .75rem 1rem 1rem; margin: 0 0 1rem; break-inside: avoid; }
.figures { color: var(--soft); font-variant-numeric: tabular-nums; }
.figures b { color: var(--text); font-weight: 600; }
.strip { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: .6rem; }
figure { margin: 0; } figcaption { color: var(--soft); font-size: .85rem; max-width: 12rem; }
.crop { overflow: hidden; cursor: zoom-in; width: 12rem; touch-action: pan-y; }
.crop img { width: 100%; display: block; image-rendering: pixelated;
  transform-origin: var(--x, 50%) var(--y, 50%); }
.strip.zoomed .crop img { transform: scale(var(--zoom, 3)); }
.whole { position: relative; width: max-content; }
.whole img { display: block; max-height: 12rem; }
.whole i { position: absolute; border: 2px solid #ffd400; outline: 1px solid #000; }
details { margin-top: .75rem; } summary { cursor: pointer; }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 26rem), 1fr));
  gap: 1rem; }
svg { display: block; width: 100%; height: auto; } svg text { fill: var(--soft); font-size: 12px; }
svg .grid { stroke: var(--line); } svg .line { fill: none; stroke-width: 2; }
.c0 { stroke: var(--c0); } .c1 { stroke: var(--c1); } .c2 { stroke: var(--c2); }
.c3 { stroke: var(--c3); } .c4 { stroke: var(--c4); } .c5 { stroke: var(--c5); }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1rem; margin-bottom: .5rem; }
.legend svg { display: inline; width: 1.5rem; height: .6rem; margin-right: .4rem; }
@media print { nav, details:not([open]) { display: none; } }
"""

SCRIPT = """
for (const strip of document.querySelectorAll('.strip')) {
  const show = (x, y) => {
    strip.style.setProperty('--x', x + '%');
    strip.style.setProperty('--y', y + '%');
    strip.classList.add('zoomed');
  };
  for (const crop of strip.querySelectorAll('.crop')) {
    crop.addEventListener('pointermove', event => {
      const box = crop.getBoundingClientRect();
      show(100 * (event.clientX - box.left) / box.width,
           100 * (event.clientY - box.top) / box.height);
    });
    crop.addEventListener('pointerleave', () => strip.classList.remove('zoomed'));
    crop.addEventListener('click', () => {
      const zoom = Number(getComputedStyle(strip).getPropertyValue('--zoom')) || 3;
      strip.style.setProperty('--zoom', zoom >= 8 ? 2 : zoom + 2.5);
    });
  }
}
for (const table of document.querySelectorAll('table.sortable')) {
  const heads = [...table.querySelectorAll('th')];
  heads.forEach((head, column) => head.querySelector('button').addEventListener('click', () => {
    const up = head.getAttribute('aria-sort') !== 'ascending';
    const key = row => row.cells[column].dataset.value ?? row.cells[column].textContent;
    const body = table.tBodies[0];
    const order = (a, b) => isNaN(a) || isNaN(b) ? a.localeCompare(b) : a - b;
    const rows = [...body.rows].sort((a, b) => order(key(a), key(b)) * (up ? 1 : -1));
    heads.forEach(other => other.removeAttribute('aria-sort'));
    head.setAttribute('aria-sort', up ? 'ascending' : 'descending');
    body.append(...rows);
  }));
}
"""
