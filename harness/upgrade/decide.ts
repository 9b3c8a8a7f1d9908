import type {
  InputProblem,
  LatencyChange,
  PhaseResult,
  QueryVerdict,
  ScenarioUpgrade,
  SchemaChange,
  SchemaDifference,
  UpgradeReason,
  UpgradeResult,
} from '../result/upgrade/types.ts';
import { NEGLIGIBLE_MS } from './latency.ts';
import { lostMoreThanOtherwise } from './lost.ts';

/** What Prometheus scraped before, and does not after. */
export interface LostTarget {
  job: string;
  /** What stands behind it: `proxies`, or a component of the control plane. */
  of: string;
  /** Empty when it is not known. */
  reason: string;
}

/** All that a decision is made of. */
export interface Findings {
  scenarios: readonly ScenarioUpgrade[];
  schema: SchemaDifference;
  lostTargets: readonly LostTarget[];
  queries: readonly QueryVerdict[];
  problems: readonly InputProblem[];
  /** Slow-downs that a gate may go by. */
  beyondDoubt: ReadonlySet<LatencyChange>;
  /** By how much a latency may grow, as a ratio; null: it blocks nothing. */
  maxLatencyIncrease: number | null;
  /** What else came up on the way, e.g. a schema that could not be read. */
  others: readonly UpgradeReason[];
  error?: UpgradeResult['error'];
}

const WEIGHTS: readonly UpgradeReason['weight'][] = ['blocks', 'open', 'warns'];

/** Go, no-go or undecided, and why: the weightiest first. Nothing that was not looked at is a go. */
export function decide(findings: Findings): { decision: UpgradeResult['decision']; reasons: UpgradeReason[] } {
  const all = [
    ...brokenOff(findings),
    ...findings.scenarios.flatMap(verdicts),
    ...findings.scenarios.flatMap(losses),
    ...targets(findings.lostTargets),
    ...brokenQueries(findings.queries),
    ...findings.scenarios.flatMap((scenario) => slowDowns(scenario, findings)),
    ...inputs(findings.problems),
    ...foreseen(findings.queries),
    ...findings.others,
    ...schemaChanges(findings.schema),
    ...notExercised(findings.queries),
  ];
  const reasons = WEIGHTS.flatMap((weight) => all.filter((reason) => reason.weight === weight));
  const first = reasons[0]?.weight;
  const decision = first === 'blocks' ? 'no-go' : first === 'open' ? 'undecided' : 'go';
  return { decision, reasons };
}

function brokenOff({ error, scenarios }: Findings): UpgradeReason[] {
  if (error) {
    return [
      {
        weight: 'open',
        about: 'run',
        text: `the upgrade was not tried to its end: ${line(error.message)}`,
        remedy: error.hint,
      },
    ];
  }
  const none = scenarios.length === 0;
  return none ? [{ weight: 'open', about: 'run', text: 'no scenario was run', remedy: '' }] : [];
}

const WHEN = { before: 'before the upgrade', during: 'during the roll-out', after: 'after the upgrade' } as const;

/** What the runs of a scenario say: of each phase and kind of trouble one reason, with in how many runs it is so. */
function verdicts({ name, runs }: ScenarioUpgrade): UpgradeReason[] {
  const of = (phase: PhaseResult['phase']) => runs.filter((run) => run.phase === phase);
  // What is wrong without the upgrade as well is not the upgrade's doing.
  const already = new Set(of('before').flatMap(({ reasons }) => failures(reasons).map(({ code }) => code)));
  return (['during', 'after', 'before'] as const).flatMap((phase) => {
    const all = of(phase);
    const say = (
      weight: UpgradeReason['weight'],
      about: 'verdict' | 'run',
      those: PhaseResult[],
      text: () => string,
    ) => {
      if (those.length === 0) return [];
      const share = all.length > 1 ? ` (${those.length} of ${all.length} runs)` : '';
      const place = `${name}, ${WHEN[phase]}${share}`;
      return [{ weight, about, text: `${place}: ${text()}`, remedy: remedyOf(those) }];
    };
    const failed = all.filter(({ verdict }) => verdict === 'fail');
    const newly = failed.filter((run) => failures(run.reasons).some(({ code }) => !already.has(code)));
    const broken = all.filter(({ error }) => error && error.code !== 'INTERRUPTED');
    const unclear = all.filter(({ verdict, error }) => verdict === 'inconclusive' && !error);
    // The others are what is compared then; of the roll-out there is one run alone.
    const hasOthers = phase !== 'during' && all.some(({ verdict }) => verdict !== 'inconclusive');
    return [
      ...(phase === 'before'
        ? say(
            'open',
            'verdict',
            failed,
            () => `it fails already, so there is no ground to compare on: ${whyOf(failed)}`,
          )
        : say('blocks', 'verdict', newly, () => whyOf(newly, already))),
      ...say('open', 'run', broken, () => `it broke off: ${line(broken[0]!.error!.message)}`),
      ...(hasOthers
        ? say('warns', 'verdict', unclear, () => `inconclusive, and left out: ${whyOf(unclear)}`)
        : say('open', 'verdict', unclear, () => `it is inconclusive: ${whyOf(unclear)}`)),
    ];
  });
}

function failures(reasons: PhaseResult['reasons']): PhaseResult['reasons'] {
  return reasons.filter(({ verdict }) => verdict === 'fail');
}

/** The cause where it is known: the arithmetic stays in result.json. Else what was seen first. @param except codes that say nothing new */
function whyOf(runs: readonly PhaseResult[], except: ReadonlySet<string> = new Set()): string {
  const fault = runs.flatMap(({ diagnoses }) => diagnoses).find(({ kind }) => kind === 'fault');
  const reason = runs[0]!.reasons.find(({ code }) => !except.has(code));
  return trimmed(line(fault?.summary ?? reason?.message ?? 'no reason was given'));
}

function remedyOf(runs: readonly PhaseResult[]): string {
  const fault = runs.flatMap(({ diagnoses }) => diagnoses).find(({ kind }) => kind === 'fault');
  const error = runs.find(({ error }) => error)?.error;
  return fault?.remedy[0] ?? error?.hint ?? `see ${runs[0]!.dir}/result.json`;
}

function losses({ name, lost }: ScenarioUpgrade): UpgradeReason[] {
  if (lost.lost.length === 0) return [];
  const flows = Map.groupBy(lost.lost, ({ source, destination }) => `${source} -> ${destination}`);
  const [worst, its] = [...flows].sort((a, b) => b[1].length - a[1].length)[0]!;
  const [first] = its;
  const where = `${its.length} of them ${worst}, the first ${seconds(first!.atMs)} after traffic began (${first!.outcome}${first!.meanwhile ? `, while ${first!.meanwhile}` : ''})`;
  const otherwise = `${lost.otherwise} of ${lost.otherwiseMade} without a roll-out`;
  const text = `${name}: ${lost.lost.length} of ${lost.made} requests were lost during the roll-out: ${where}; ${otherwise}`;
  const more = lostMoreThanOtherwise(lost);
  return [
    {
      weight: more ? 'blocks' : 'warns',
      about: 'lost-requests',
      text: more ? text : `${text}, which is as many`,
      remedy: more
        ? 'let pods wait before they end (preStop, config.alpha.linkerd.io/proxy-wait-before-exit-seconds), or let callers retry'
        : '',
    },
  ];
}

function targets(lost: Findings['lostTargets']): UpgradeReason[] {
  const jobs = Map.groupBy(lost, ({ job, reason }) => JSON.stringify([job, reason]));
  return [...jobs.values()].map((group) => {
    const [{ job, reason }] = group as [LostTarget];
    const names = group.map(({ of }) => of).join(', ');
    return {
      weight: 'blocks',
      about: 'targets',
      text: `Prometheus scrapes ${names} (job ${job}) no more${reason ? `: ${trimmed(reason)}` : ''}`,
      remedy: 'make the scrape configuration find them again before you upgrade',
    };
  });
}

/** Those that broke in the same way for the same reason are one: which they are is a table of its own. */
function brokenQueries(queries: readonly QueryVerdict[]): UpgradeReason[] {
  const broken = queries.filter((query) => query.broken);
  const groups = Map.groupBy(broken, (query) => JSON.stringify([query.outcome, query.reason || query.place]));
  return [...groups.values()].map((group) => {
    const [{ place, outcome, seen, reason, rewrite }] = group as [QueryVerdict];
    const one = group.length === 1;
    const works = rewrite?.checked.startsWith('same');
    const who = one ? place : `${group.length} queries, the first of which is ${place}`;
    return {
      weight: 'blocks',
      about: 'query',
      text: `${who}: ${OUTCOMES[outcome]}${one && seen ? ` (${seen})` : ''}${reason ? `: ${trimmed(reason)}` : ''}`,
      remedy: works ? (one ? `write ${rewrite!.expr}` : 'write what stands with each of them') : '',
    };
  });
}

const OUTCOMES: Record<QueryVerdict['outcome'], string> = {
  same: 'same',
  'same-within-noise': 'same within noise',
  'now-empty': 'now empty',
  'newly-non-empty': 'newly non-empty',
  'different-labels': 'different labels',
  'different-values': 'different values',
  error: 'an error now',
};

/** The worst of a scenario stands for all: they have one cause, and the report has them all. */
function slowDowns({ name, latency, interleaved }: ScenarioUpgrade, findings: Findings): UpgradeReason[] {
  const { beyondDoubt, maxLatencyIncrease: limit } = findings;
  const slower = latency.filter(({ significant, differenceMs }) => significant && differenceMs > 0);
  const growth = ({ beforeMs, differenceMs }: LatencyChange) => differenceMs / Math.max(beforeMs, NEGLIGIBLE_MS);
  const tooSlow = slower.filter((change) => limit !== null && beyondDoubt.has(change) && growth(change) > limit);
  const those = (tooSlow.length > 0 ? tooSlow : slower).toSorted((a, b) => growth(b) - growth(a));
  const [worst] = those;
  if (!worst) return [];
  const { source, destination, quantile, beforeMs, afterMs, interval } = worst;
  const range = interval ? `, with 95 % confidence by ${ms(interval.lowMs)} to ${ms(interval.highMs)} ms` : '';
  const others = those.length > 1 ? `, and ${those.length - 1} more` : '';
  const chance = `; of ${latency.length} comparisons one in twenty looks so by chance`;
  const drift = interleaved
    ? ''
    : '; before and after did not run by turns, so a machine that got slower looks the same';
  const what = `${name}: p${Math.round(quantile * 100)} of ${source} -> ${destination} went from ${ms(beforeMs)} to ${ms(afterMs)} ms`;
  const blocks = tooSlow.length > 0;
  return [
    {
      weight: blocks ? 'blocks' : 'warns',
      about: 'latency',
      text: blocks
        ? `${what} (+${Math.round(growth(worst) * 100)} %, more than the ${Math.round(limit! * 100)} % that are allowed)${range}${others}${drift}`
        : `${what}${range}${others}${chance}${drift}`,
      remedy: blocks ? '' : 'more runs (--repeat) tell smaller differences from noise',
    },
  ];
}

function inputs(problems: readonly InputProblem[]): UpgradeReason[] {
  return problems.map(({ whole, place, message, hint }) => ({
    weight: whole ? 'open' : 'warns',
    about: 'input',
    text: `${place}: ${line(message)}`,
    remedy: hint,
  }));
}

/** One line: which they are is a table of its own. */
function schemaChanges({ changes }: SchemaDifference): UpgradeReason[] {
  const those = changes.filter(({ kind, what }) => kind !== 'new' && what !== 'help' && what !== 'targets');
  if (those.length === 0) return [];
  const words = { gone: 'gone', renamed: 'renamed', changed: 'changed', new: 'new' } as const;
  const counts = (['gone', 'renamed', 'changed'] as const)
    .map((kind) => [those.filter((change) => change.kind === kind), words[kind]] as const)
    .filter(([list]) => list.length > 0)
    .map(([list, word]) => `${list.length} ${word} (${changed(list[0]!)}${list.length > 1 ? ', ...' : ''})`);
  return [
    { weight: 'warns', about: 'schema', text: `the schema of the metrics differs: ${counts.join(', ')}`, remedy: '' },
  ];
}

/** What a change is of: a label that several families lose is one change, and its families are not what is counted. */
function changed({ what, subject, before, after }: SchemaChange): string {
  if (what === 'label' || what === 'label-value') return `${what.replace('-', ' ')} ${before || after} of ${subject}`;
  return what === 'family' || what === 'page' ? subject : `${what} of ${subject}`;
}

/** No scenario has anything for them, and what they ask of the mesh goes: nobody has seen them break, and they will. */
function foreseen(queries: readonly QueryVerdict[]): UpgradeReason[] {
  const groups = Map.groupBy(queries.filter(isForeseen), ({ reason }) => reason);
  return [...groups].map(([reason, group]) => {
    const [{ place }] = group as [QueryVerdict];
    const one = group.length === 1;
    const who = one ? `${place} asks` : `${group.length} queries, the first of which is ${place}, ask`;
    const to = one ? 'it' : 'them';
    return {
      weight: 'open',
      about: 'query',
      text: `${who} for what this upgrade takes away or renames; no scenario has anything for ${to} to select, so that was not seen: ${trimmed(reason)}`,
      remedy: `correct ${to}; or add a scenario with the traffic in question, to see what becomes of ${to}`,
    };
  });
}

const isForeseen = ({ notExercised, broken, reason }: QueryVerdict) => notExercised && !broken && reason !== '';

function notExercised(queries: readonly QueryVerdict[]): UpgradeReason[] {
  const idle = queries.filter((query) => query.notExercised && !query.broken && !isForeseen(query));
  if (idle.length === 0) return [];
  return [
    {
      weight: 'warns',
      about: 'query',
      text: `${idle.length} of ${queries.length} queries select nothing that these scenarios make, on either side: nothing is known of them (the first is ${idle[0]!.place})`,
      remedy: 'add a scenario whose traffic they are about',
    },
  ];
}

/** The first line: below it there may be a log. */
const line = (text: string) => text.split('\n')[0]!;
const trimmed = (text: string) => text.replace(/\.$/, '');
const ms = (value: number) => value.toFixed(1);
const seconds = (value: number) => `${(value / 1000).toFixed(1)} s`;
