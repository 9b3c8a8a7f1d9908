/** Columns of a table that may be numbers: class `n3` of a table puts its third to the right. */
export const NUMBER_COLUMNS = 16;
const numbered = Array.from({ length: NUMBER_COLUMNS }, (_, i) => {
  const [name, column] = [`.n${i + 1}`, `:nth-child(${i + 1})`];
  return `${name} td${column}, ${name} thead th${column}`;
}).join(', ');

const LIGHT = `
  --paper: #ffffff; --panel: #f5f6f8; --ink: #1b1f24; --faint: #57606a; --rule: #d5d9de;
  --truth: #0b62c4; --prometheus: #b45309; --proxy: #7a3fb5;
  --good: #17713a; --bad: #c8102e; --unsure: #8a5a00;
  --allowed: #0b62c426; --band: #8a5a001f;
`;

/** The look of every page. Contrast is at least 4.5 to 1 for text in both schemes. */
export const THEME = `
:root {
  color-scheme: light dark;${LIGHT}  --good-panel: #e8f5ec; --bad-panel: #fdecec; --unsure-panel: #fdf3dc;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #12161b; --panel: #1b2027; --ink: #e6e9ed; --faint: #a0a9b4; --rule: #39414b;
    --truth: #6cb2ff; --prometheus: #ff9a5c; --proxy: #c9a2f2;
    --good: #6ed392; --bad: #ff5f7e; --unsure: #f0c060;
    --allowed: #6cb2ff33; --band: #f0c06026;
    --good-panel: #14301f; --bad-panel: #3a1a1c; --unsure-panel: #33290f;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
header, main, footer { max-width: 72rem; margin: 0 auto; padding: 1rem 1.25rem; }
header { border-left: .5rem solid var(--rule); margin-top: 1rem; background: var(--panel); border-radius: .25rem; }
header.good { border-color: var(--good); background: var(--good-panel); }
header.bad { border-color: var(--bad); background: var(--bad-panel); }
header.unsure { border-color: var(--unsure); background: var(--unsure-panel); }
h1 { margin: 0; font-size: 1.6rem; line-height: 1.25; overflow-wrap: anywhere; }
h2 { margin: 2.5rem 0 .75rem; font-size: 1.3rem; border-bottom: 1px solid var(--rule); padding-bottom: .25rem; overflow-wrap: anywhere; }
h3 { margin: 1.75rem 0 .5rem; font-size: 1.05rem; overflow-wrap: anywhere; }
h4 { margin: 1.25rem 0 .25rem; font-size: .95rem; }
p, ul, ol { margin: .5rem 0; max-width: 60rem; overflow-wrap: anywhere; }
.subtitle, .remark, footer { color: var(--faint); font-size: .9rem; }
.lead { font-size: 1.1rem; }
a { color: var(--truth); }
:focus-visible { outline: 3px solid var(--truth); outline-offset: 2px; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--paper); padding: .5rem; z-index: 1; }
nav ul { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; }
code, pre { font: .88em/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, monospace; }
pre { background: var(--panel); padding: .75rem; overflow-x: auto; border-radius: .25rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.scrolls { overflow-x: auto; margin: .75rem 0; }
table { border-collapse: collapse; font-size: .9rem; }
caption { text-align: left; color: var(--faint); padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid var(--rule); }
th { font-weight: 600; white-space: nowrap; }
.number, ${numbered} { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
figure { margin: 1rem 0; }
figcaption { font-weight: 600; }
svg { display: block; width: 100%; max-width: 60rem; height: auto; font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; }
.chart { font-size: 11px; } .chart text { dominant-baseline: central; }
.chart text:not([text-anchor]) { text-anchor: middle; } .chart text:not([fill]) { fill: var(--faint); }
summary { cursor: pointer; padding: .2rem 0; }
details.data > summary { color: var(--faint); font-size: .85rem; }
.badge { display: inline-block; padding: 0 .5em; border-radius: .25em; border: 1px solid currentColor; font-size: .85em; font-weight: 600; white-space: nowrap; }
.badge::before { margin-right: .35em; }
.badge.pass { color: var(--good); } .badge.pass::before { content: "\\2713"; }
.badge.fail { color: var(--bad); } .badge.fail::before { content: "\\2717"; }
.badge.inconclusive { color: var(--unsure); } .badge.inconclusive::before { content: "?"; }
.diagnosis { border-left: .25rem solid var(--bad); padding-left: 1rem; margin: 1rem 0; }
.diagnosis.reading { border-color: var(--unsure); }
.wrong { color: var(--bad); font-weight: 600; } .missing { color: var(--unsure); font-weight: 600; } .faint { color: var(--faint); }
.charts { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 27rem), 1fr)); gap: .25rem 2rem; align-items: start; }
.charts figure { margin: .75rem 0; min-width: 0; }
.charts figcaption { font-size: .9rem; overflow-wrap: anywhere; }
.legend { list-style: none; padding: 0; display: flex; flex-wrap: wrap; gap: .1rem 1.25rem; font-size: .9rem; }
.key { display: inline-block; width: 1.4em; height: .7em; margin-right: .4em; vertical-align: baseline; background: currentColor; }
.key.line { height: 0; border-top: .18em solid currentColor; vertical-align: middle; background: none; }
.key.dashed { border-top-style: dashed; }
.key.mark { width: .6em; height: .6em; margin: 0 .7em 0 .3em; transform: rotate(45deg); }
.key.dot { width: .45em; height: .45em; border-radius: 50%; margin: 0 .8em .1em .4em; }
.key.truth { color: var(--truth); } .key.prometheus { color: var(--prometheus); } .key.proxy { color: var(--proxy); }
.key.failures { color: var(--bad); } .key.allowed { color: var(--allowed); } .key.band { color: var(--band); }
@media print {
  :root {${LIGHT} --ink: #000; --faint: #333; --rule: #999; --panel: #fff; --good-panel: #fff; --bad-panel: #fff; --unsure-panel: #fff; }
  body { font-size: 10pt; }
  nav, .skip { display: none; }
  figure, tr, .diagnosis { break-inside: avoid; }
  .scrolls { overflow: visible; }
  a { color: inherit; text-decoration: none; }
}
`;
