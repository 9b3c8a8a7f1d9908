/** What only the report of a run has: the graph, folded scenarios, the trouble in the head. */
export const LOOK = `
details.scenario + details.scenario { border-top: 1px solid var(--rule); }
details.scenario > summary { padding: .6rem 0; }
div.scenario { scroll-margin-top: 4rem; padding-bottom: 1.5rem; }
summary h3, .heading h3 { display: inline; margin: 0; }
.troubles { list-style: none; padding: 0; font-size: 1rem; }
.troubles dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .75rem; margin: .25rem 0 1rem; max-width: 60rem; }
.troubles dt { color: var(--faint); }
.troubles dd { margin: 0; overflow-wrap: anywhere; }
.left-out { border-left: .25rem solid var(--rule); padding-left: .75rem; }
figcaption h4 { margin: 1.25rem 0 .25rem; }
.advice { color: var(--faint); }
.reasons li, .bands li { margin: .25rem 0; }
.queries tbody th { white-space: normal; padding-top: .9rem; max-width: 50rem; border-bottom: 0; }
.queries tbody th p { font-weight: 400; margin: .1rem 0; }
.queries tbody td { border-bottom: 0; padding-top: 0; }
.graph { font-size: 11.5px; fill: var(--ink); margin: .5rem 0; }
.graph .node rect { fill: var(--panel); stroke: var(--rule); }
.graph .node text, .graph .word { text-anchor: middle; }
.graph .name { font-size: 13px; font-weight: 600; }
.graph .faint { fill: var(--faint); } .graph .truth { fill: var(--truth); } .graph .prometheus { fill: var(--prometheus); }
.graph .truth, .graph .prometheus { text-anchor: end; font-variant-numeric: tabular-nums; }
.graph .prometheus.wrong { fill: var(--bad); font-weight: 700; } .graph .prometheus.missing { fill: var(--unsure); font-weight: 700; }
.graph .way path { fill: none; stroke: var(--faint); stroke-width: 1.5; }
.graph .way .head { fill: var(--faint); stroke: none; }
.graph .label rect { fill: var(--paper); stroke: var(--rule); }
.graph .fail path { stroke: var(--bad); stroke-width: 3.5; } .graph .fail .head { fill: var(--bad); }
.graph .fail rect { stroke: var(--bad); stroke-width: 2; } .graph .fail .word { fill: var(--bad); font-weight: 700; }
.graph .inconclusive path { stroke: var(--unsure); stroke-width: 3; stroke-dasharray: 6 4; } .graph .inconclusive .head { fill: var(--unsure); }
.graph .inconclusive rect { stroke: var(--unsure); } .graph .inconclusive .word { fill: var(--unsure); font-weight: 700; }
@media print { .graph { min-width: 0 !important; } }
`;
