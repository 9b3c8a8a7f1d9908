import type { Distribution, ErrorRule, ResponseBody } from '../../../sim-services/contract.ts';
import type { TimelineBand } from '../../result/timeline/types.ts';
import type { FaultSpec, RestartSpec, Scenario, TimelineSpec } from '../../scenario/model.ts';
import type { Since } from './staircase.ts';

/** A step of a roll-out, as environments tell it. */
export interface RolloutStep {
  /** Epoch ms. */
  atMs: number;
  what: 'control-plane' | 'pod-started' | 'pod-ready' | 'pod-leaving' | 'pod-gone';
  /** `namespace/workload`; of the control plane its namespace. */
  workload: string;
  /** Of the proxy. */
  version: string;
}

/**
 * What was done to the mesh, in order of its beginning.
 * @param fromMs where what was so from the start begins, ms after the origin
 */
export function bandsOf(
  scenario: Pick<Scenario, 'timeline' | 'restarts' | 'faults'>,
  rollout: readonly RolloutStep[],
  since: Since,
  fromMs: number,
): TimelineBand[] {
  const bands = [
    ...scenario.timeline.map(ofChange),
    ...(scenario.faults ?? []).map((fault) => ofFault(fault, fromMs)),
    ...scenario.restarts.map(ofRestart),
    ...ofRollout(rollout, since),
  ];
  return bands.sort((a, b) => a.fromMs - b.fromMs);
}

function ofChange({ atMs, untilMs, service, method, path, change }: TimelineSpec): TimelineBand {
  const { latency, errors, body } = change;
  const what = [
    ...(latency ? [`latency ${latencyText(latency)}`] : []),
    ...(errors ? [errors.length > 0 ? errors.map(errorText).join(', ') : 'no errors'] : []),
    ...(body ? [bodyText(body)] : []),
  ];
  const where = [service, method, path].filter((part) => part !== null).join(' ');
  return { kind: 'timeline', label: `${where}: ${what.join('; ')}`, fromMs: atMs, toMs: untilMs };
}

function ofRestart({ atMs, downMs, service, replica }: RestartSpec): TimelineBand {
  return { kind: 'restart', label: `${service} pod ${replica} is killed`, fromMs: atMs, toMs: atMs + downMs };
}

/** What happens once, however long its effects last. */
const AT_ONCE: ReadonlySet<FaultSpec['type']> = new Set(['proxy-restart']);

function ofFault(fault: FaultSpec, fromMs: number): TimelineBand {
  const { type, atMs, untilMs, service, replica } = fault;
  const where = service === null ? '' : `${service}${replica === null ? '' : ` pod ${replica}`}: `;
  const lives = fault.type === 'short-lived-pod' && atMs !== null ? atMs + fault.params.livesForMs : null;
  return {
    kind: 'fault',
    label: `${where}${type}`,
    fromMs: atMs ?? fromMs,
    toMs: AT_ONCE.has(type) ? atMs : (untilMs ?? lives),
  };
}

/** The control plane is a moment; a workload is rolled out from its first new pod until its last old one is gone. */
function ofRollout(steps: readonly RolloutStep[], since: Since): TimelineBand[] {
  const bands: TimelineBand[] = [];
  const open = new Map<string, TimelineBand>();
  for (const { atMs, what, workload, version } of steps) {
    const at = since(atMs);
    if (what === 'control-plane') {
      bands.push({ kind: 'rollout', label: `control plane ${version}`, fromMs: at, toMs: at });
      continue;
    }
    let band = open.get(workload);
    if (!band) {
      band = { kind: 'rollout', label: `${workload} ${version}`, fromMs: at, toMs: null };
      open.set(workload, band);
      bands.push(band);
    }
    if (what === 'pod-gone') band.toMs = at;
  }
  return bands;
}

function latencyText(d: Distribution): string {
  switch (d.kind) {
    case 'constant':
      return `${d.ms} ms`;
    case 'uniform':
      return `${d.minMs} to ${d.maxMs} ms`;
    case 'normal':
      return `${d.meanMs} ms, stddev ${d.stddevMs} ms`;
    case 'lognormal':
      return [d.low, d.high].map(({ q, ms }) => `p${percent(q)} ${ms} ms`).join(', ');
    case 'bimodal':
      return `${latencyText(d.fast)}, or ${percent(d.slowRate)}% ${latencyText(d.slow)}`;
    case 'empirical':
      return `${d.quantiles[0]?.ms ?? 0} to ${d.quantiles.at(-1)?.ms ?? 0} ms`;
  }
}

function errorText(rule: ErrorRule): string {
  const rate = `${percent(rule.rate)}%`;
  switch (rule.kind) {
    case 'status':
      return `errors ${rate} ${rule.status}`;
    case 'grpc':
      return `errors ${rate} grpc ${rule.code}`;
    case 'hang':
      return `hangs ${rate}`;
    case 'reset':
      return `resets ${rate} ${rule.when === 'mid-body' ? 'in the body' : 'before headers'}`;
    case 'close':
      return `closes ${rate}`;
    case 'no-trailers':
      return `no trailers ${rate}`;
  }
}

const bodyText = ({ bytes, overMs }: ResponseBody): string =>
  `body ${bytes} B${overMs > 0 ? ` over ${overMs} ms` : ''}`;

/** Without the noise of floats: 0.07 is 7. */
const percent = (rate: number): number => Number((100 * rate).toPrecision(6));
