import type { VerdictValue } from '../../result/types.ts';
import type {
  LatencyChange,
  PhaseResult,
  QueryOutcome,
  QueryVerdict,
  ScenarioUpgrade,
  SchemaChange,
  UpgradePhase,
  UpgradeReason,
  UpgradeResult,
  VersionChange,
} from '../../result/upgrade/types.ts';
import { formatDuration, formatNumber, formatPercent, formatSigned, plural } from '../format.ts';
import { oneLine, truncate } from '../text.ts';

/** What all reports of an upgrade say in the same words. */

export const DECISION: Record<UpgradeResult['decision'], string> = {
  go: 'GO',
  'no-go': 'NO-GO',
  undecided: 'UNDECIDED',
};

/** `Linkerd 2.17 -> 2.18 (proxies v2.268.0 -> v2.294.0)`. */
export function changeLine({ linkerd, prometheus }: UpgradeResult): string {
  const parts = [
    ...(linkerd ? [`Linkerd ${versions(linkerd, 'proxies')}`] : []),
    ...(prometheus ? [`Prometheus ${programs(prometheus)}`] : []),
  ];
  return parts.join(', ') || 'nothing changed';
}

/** Users name binaries; people read versions. */
function programs({ from, to, fromFound, toFound }: VersionChange): string {
  return fromFound && toFound ? `${fromFound} -> ${toFound}` : `${from} -> ${to}`;
}

function versions({ from, to, fromFound, toFound }: VersionChange, what: string): string {
  const found = fromFound && toFound && (fromFound !== from || toFound !== to);
  return `${from} -> ${to}${found ? ` (${what} ${fromFound} -> ${toFound})` : ''}`;
}

/** `go: Linkerd 2.17 -> 2.18` and why, in one line. */
export function headline(result: UpgradeResult): string {
  const change = changeLine(result);
  const weighty = result.reasons.filter(({ weight }) => weight === 'blocks' || weight === 'open');
  if (result.decision === 'go') {
    const warned = result.reasons.length;
    return `${change}: the golden metrics tell the truth before, during and after${warned > 0 ? `; ${plural(warned, 'thing')} to know` : ''}`;
  }
  const [first] = weighty;
  const more = weighty.length - 1;
  return `${change}: ${first ? inShort(first.text) : 'see below'}${more > 0 ? ` (and ${plural(more, 'more reason')})` : ''}`;
}

/** Of a headline: the whole reason stands below it, or above. */
const HEADLINE = 160;

/** Its first sentence, and of a long one the beginning. */
export function inShort(text: string, columns = HEADLINE): string {
  const [sentence = ''] = oneLine(text).split(/(?<=\.)\s+(?=[A-Z])/);
  return truncate(sentence.replace(/\.$/, ''), columns);
}

export function runLine(result: UpgradeResult): string {
  const { name, mesh } = result.environment;
  const runs = result.scenarios.reduce((sum, s) => sum + s.runs.length, 0);
  return `environment ${name}, ${mesh.kind} mesh, ${plural(runs, 'run')} of ${plural(result.scenarios.length, 'scenario')}, ${formatDuration(result.durationMs)}`;
}

const WEIGHTS = ['blocks', 'open', 'warns'] as const;

/** The weightiest first; otherwise in their order. */
export function byWeight(reasons: readonly UpgradeReason[]): UpgradeReason[] {
  return WEIGHTS.flatMap((weight) => reasons.filter((reason) => reason.weight === weight));
}

export interface PhaseRow {
  phase: UpgradePhase;
  scenario: string;
  runs: number;
  verdict: VerdictValue;
  requests: number;
  flows: string;
  /** Requests without a whole answer that the scenario does not explain. */
  lost: string;
}

const PHASES: readonly UpgradePhase[] = ['before', 'during', 'after'];

/** A row for each phase of each scenario that has a run. */
export function phaseRows(scenarios: readonly ScenarioUpgrade[]): PhaseRow[] {
  return scenarios.flatMap((scenario) =>
    PHASES.flatMap((phase) => {
      const runs = scenario.runs.filter((run) => run.phase === phase);
      return runs.length === 0 ? [] : [phaseRow(scenario, phase, runs)];
    }),
  );
}

function phaseRow({ name, lost }: ScenarioUpgrade, phase: UpgradePhase, runs: PhaseResult[]): PhaseRow {
  const flows = runs.flatMap((run) => run.flows);
  return {
    phase,
    scenario: name,
    runs: runs.length,
    verdict: worst(runs),
    requests: runs.reduce((sum, run) => sum + run.requests, 0),
    flows: `${formatNumber(flows.filter((flow) => flow.verdict === 'pass').length)}/${formatNumber(flows.length)}`,
    lost: phase === 'during' ? formatNumber(lost.lost.length) : '',
  };
}

function worst(runs: readonly PhaseResult[]): VerdictValue {
  if (runs.some(({ verdict }) => verdict === 'fail')) return 'fail';
  return runs.every(({ verdict, error }) => verdict === 'pass' && !error) ? 'pass' : 'inconclusive';
}

/** How a latency went, e.g. `p99 12.1 ms -> 14 ms (+1.9 ms, 95 % between +0.4 and +3.4)`. */
export function latencyText(change: LatencyChange): string {
  const { quantile, beforeMs, afterMs, differenceMs, interval } = change;
  const range = interval ? `, 95 % between ${ms(interval.lowMs)} and ${ms(interval.highMs)}` : ', too few runs to tell';
  return `p${formatNumber(quantile * 100)} ${formatNumber(beforeMs, 1)} ms -> ${formatNumber(afterMs, 1)} ms (${ms(differenceMs)} ms${range})`;
}

const ms = (value: number) => formatSigned(value, 1);

export const flowName = ({ source, destination }: { source: string; destination: string }) =>
  `${source} -> ${destination}`;

/** Those that are more than noise, the largest first. */
export function significantLatency(scenario: ScenarioUpgrade): LatencyChange[] {
  return scenario.latency
    .filter(({ significant }) => significant)
    .toSorted((a, b) => Math.abs(b.differenceMs) - Math.abs(a.differenceMs));
}

/** One line on all latencies of a scenario. */
export function latencyLine(scenario: ScenarioUpgrade): string {
  const { latency, interleaved, name } = scenario;
  if (latency.length === 0) return `${name}: no latency to compare`;
  const compared = latency.filter(({ interval }) => interval !== null).length;
  const more = significantLatency(scenario).length;
  const flows = plural(new Set(latency.map(flowName)).size, 'flow');
  const turns = interleaved
    ? ''
    : '; the runs were not by turns, so a drift of the machine would look like the upgrade';
  if (compared === 0) return `${name}: latency of ${flows} was measured, with too few runs to tell a change from noise`;
  if (more === 0) return `${name}: no change of latency beyond noise (${flows}, p50, p95, p99)${turns}`;
  return `${name}: ${plural(more, 'change')} of latency beyond noise among ${formatNumber(latency.length)}${turns}`;
}

const NOT_COMPARED = 'not compared: there is no run of both sides';

/** What broke off early has nothing to compare. */
function hasBothSides({ scenarios }: UpgradeResult): boolean {
  const has = (phase: UpgradePhase) => scenarios.some(({ runs }) => runs.some((run) => run.phase === phase));
  return has('before') && has('after');
}

const KINDS: readonly SchemaChange['kind'][] = ['gone', 'renamed', 'changed', 'new'];

/** What breaks queries first: gone, renamed, changed, new. */
export function orderedChanges(changes: readonly SchemaChange[]): SchemaChange[] {
  return KINDS.flatMap((kind) => changes.filter((change) => change.kind === kind));
}

export function schemaLine(result: UpgradeResult): string {
  const { schema } = result;
  if (schema.changes.length === 0 && !hasBothSides(result)) return NOT_COMPARED;
  const counts = KINDS.map((kind) => [schema.changes.filter((change) => change.kind === kind).length, kind] as const);
  const some = counts.filter(([count]) => count > 0).map(([count, kind]) => `${formatNumber(count)} ${kind}`);
  const { seriesPerProxy: series, bytesPerScrape: bytes } = schema;
  const sizes =
    series.before > 0 && series.after > 0
      ? `; series per proxy ${growth(series, formatNumber)}, bytes per scrape ${growth(bytes, formatNumber)}`
      : '';
  return `${some.length > 0 ? some.join(', ') : 'no change of the schema'}${sizes}`;
}

function growth({ before, after }: { before: number; after: number }, format: (value: number) => string): string {
  const ratio = before > 0 ? ` (${formatSigned((after / before - 1) * 100, 0)} %)` : '';
  return `${format(Math.round(before))} -> ${format(Math.round(after))}${ratio}`;
}

/** What a change is of, as one cell: `label authority of request_total{direction="inbound"}`. */
export function changeSubject({ what, subject }: SchemaChange): string {
  return what === 'family' || what === 'page' ? subject : `${subject} (${what.replace('-', ' ')})`;
}

/** `a -> b`, or what there is of it. */
export function changeValues({ before, after, kind }: SchemaChange): string {
  if (before && after) return `${before} -> ${after}`;
  if (kind === 'renamed') return after || before;
  return before || after;
}

/** Why: what is known, with a guess named as such. */
export function changeReason({ reason, guessed }: SchemaChange): string {
  return guessed ? `guessed: ${reason || 'no better match'}` : reason;
}

export const OUTCOME: Record<QueryOutcome, string> = {
  same: 'same',
  'same-within-noise': 'same within noise',
  'now-empty': 'now empty',
  'newly-non-empty': 'newly non-empty',
  'different-labels': 'different labels',
  'different-values': 'different values',
  error: 'error',
};

/** What became of a query; of one that no scenario has anything for, that this is not known. */
export function outcomeOf({ outcome, notExercised }: Pick<QueryVerdict, 'outcome' | 'notExercised'>): string {
  return notExercised && outcome === 'same' ? 'not exercised' : OUTCOME[outcome];
}

/** Nobody saw it break, and it will: what it asks for goes. */
export const isForeseen = ({ notExercised, broken, reason }: QueryVerdict) => notExercised && !broken && reason !== '';

/** `43 queries: 37 same, 2 now empty, 4 not exercised (these scenarios have nothing for them to select)`. */
export function queriesLine(result: UpgradeResult): string {
  const { queries } = result;
  if (queries.length === 0 && !hasBothSides(result)) return NOT_COMPARED;
  if (queries.length === 0) return 'no queries were given (--rules, --dashboards, --from-prometheus, --from-cluster)';
  const idle = 'not exercised';
  const counts = [...Object.values(OUTCOME), idle]
    .map((word) => [queries.filter((query) => outcomeOf(query) === word).length, word] as const)
    .filter(([count]) => count > 0)
    .map(([count, word]) => `${formatNumber(count)} ${word}`);
  const some = queries.some((query) => outcomeOf(query) === idle);
  const note = some ? ' (these scenarios have nothing for them to select)' : '';
  return `${plural(queries.length, 'query', 'queries')}: ${counts.join(', ')}${note}`;
}

/** `3 more queries`. */
export const moreOf = (count: number, noun: string) =>
  plural(count, `more ${noun}`, `more ${noun.replace(/y$/, 'ie')}s`);

/** Broken ones first, then the others that are not the same, or will not be. */
export function troubledQueries(queries: readonly QueryVerdict[]): QueryVerdict[] {
  const different = queries.filter((one) => one.broken || !one.outcome.startsWith('same') || isForeseen(one));
  return [...different.filter(({ broken }) => broken), ...different.filter(({ broken }) => !broken)];
}

/** `3 of 1,234 requests lost (0.24%), ...; 0 of 2,400 without a roll-out`. Those that services make on the way are among them. */
export function lostLine({ name, lost, rollout }: ScenarioUpgrade): string {
  if (rollout.length === 0 && lost.made === 0) return `${name}: no roll-out was run`;
  const share = lost.made > 0 && lost.lost.length > 0 ? ` (${formatPercent(lost.lost.length / lost.made)})` : '';
  const pods = rollout.filter(({ what }) => what === 'pod-gone').length;
  return `${name}: ${formatNumber(lost.lost.length)} of ${plural(lost.made, 'request')} (calls between services among them) lost${share} while ${plural(pods, 'pod was', 'pods were')} replaced; ${formatNumber(lost.otherwise)} of ${formatNumber(lost.otherwiseMade)} without a roll-out`;
}
