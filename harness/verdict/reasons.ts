import type { Reason } from '../result/types.ts';
import type { Violation } from './recorder.ts';

export function fail(code: string, message: string): Reason {
  return { code, verdict: 'fail', message };
}

export function inconclusive(code: string, message: string): Reason {
  return { code, verdict: 'inconclusive', message };
}

/** Codes of which the first says most: a series nobody knows, then one that is wrong at the end, then on the way. */
const ORDER = [
  'UNEXPLAINED_SERIES',
  'UNMESHED_UNKNOWN',
  'NOT_EQUAL_AT_END',
  'LEDGERS_DIFFER',
  'COUNTER_FELL',
  'HISTOGRAM_INCONSISTENT',
  'LATENCIES_MISSING',
  'BOUND_VIOLATED',
];

const SHOWN = 40;

/** One reason for each family, flow and status that was violated, the telling ones first. */
export function reasonsOf(violations: Iterable<Violation>): Reason[] {
  const sorted = [...violations].sort((a, b) => ORDER.indexOf(a.code) - ORDER.indexOf(b.code));
  const reasons = sorted.slice(0, SHOWN).map((v) => fail(v.code, messageOf(v)));
  if (sorted.length > SHOWN) {
    reasons.push(fail('BOUND_VIOLATED', `${sorted.length - SHOWN} further families and flows violate their bounds`));
  }
  return reasons;
}

function messageOf(v: Violation): string {
  const { subject: s } = v;
  const flow = `${s.source} -> ${s.destination} (${s.direction}${s.declared ? `, route ${s.declared}` : ''}${s.status === null ? '' : `, status ${s.status || 'none'}`})`;
  const must = v.low === v.high ? `must be ${show(v.low)}` : `must lie in [${show(v.low)}, ${show(v.high)}]`;
  const more = v.count > 1 ? `; ${v.count} readings violate it, this one most` : '';
  const at = new Date(v.t).toISOString();
  return `${s.family} by ${s.ledger}, ${flow}, at ${s.place}: ${show(v.value)} ${must} at ${at}, because ${s.reason}${more}`;
}

export function show(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'inf';
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(9)));
}
