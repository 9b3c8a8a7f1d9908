import { formatDuration } from '../core/units.ts';
import type { FaultSpec, Scenario } from '../scenario/model.ts';

/** What a scenario provokes, with what was drawn, a line each; of one without faults what its queries ask. */
export function injectedLines(scenario: Scenario): string[] {
  const faults = (scenario.faults ?? []).map(faultLine);
  const queries = (scenario.expect.queries ?? []).map(
    ({ metric, flow, expr }) => `query ${metric} of ${flow}: ${expr}`,
  );
  return [...faults, ...queries];
}

/** `admin-port-renamed shop/cart 0, name: metrics, at 2s for 1s`. */
function faultLine(fault: FaultSpec): string {
  const { type, service, replica, atMs, untilMs } = fault;
  const pods = service === null ? '' : ` ${service}${replica === null ? '' : ` ${replica}`}`;
  const params = Object.entries(fault.params).map(([name, value]) => `, ${param(name, value)}`);
  const at = atMs === null ? '' : `, at ${formatDuration(atMs)}`;
  const length = untilMs === null ? '' : ` for ${formatDuration(untilMs - (atMs ?? 0))}`;
  return `${type}${pods}${params.join('')}${at}${length}`;
}

function param(name: string, value: unknown): string {
  if (typeof value === 'number' && name.endsWith('Ms')) {
    const sign = value < 0 ? '-' : '';
    return `${name.slice(0, -2)}: ${sign}${formatDuration(Math.abs(value))}`;
  }
  return `${name}: ${Array.isArray(value) ? value.join(' ') : value === '' ? '""' : String(value)}`;
}
