import type { Diagnosis, ScenarioResult } from '../result/types.ts';
import { formatNumber } from './format.ts';

/** A diagnosis in words that every format shares. */
export interface Why {
  /** `The admin port is called otherwise (admin-port-renamed): the port of shop/cart-0 is called metrics`. */
  answer: string;
  /** Whose telemetry is concerned; empty where the answer names them all, and where it is of no pod more than of another. */
  pods: string;
  /** The first fact that led to it; empty where there is none. */
  seen: string;
  /** What to do first; empty where the catalogue has nothing. */
  remedy: string;
}

const MAX_PODS = 3;

/** What was found, those that are wrong by themselves first. */
export function diagnosesOf(scenario: ScenarioResult): Diagnosis[] {
  const order = { fault: 0, reading: 1 };
  return (scenario.diagnoses ?? []).toSorted((a, b) => order[a.kind] - order[b.kind]);
}

export function whyOf(diagnosis: Diagnosis): Why {
  const { summary, evidence, remedy, pods } = diagnosis;
  const named = pods.every((pod) => summary.includes(pod));
  return {
    answer: `${namedCause(diagnosis)}: ${summary}`,
    pods: named ? '' : podsText(pods),
    seen: evidence[0] ?? '',
    remedy: remedy[0] ?? '',
  };
}

/** `Two jobs scrape the same proxy (scraped-by-two-jobs)`. */
export function namedCause({ title, causes }: Diagnosis): string {
  return `${title} (${causes.length > 1 ? `undecided: ${causes.join(' or ')}` : causes.join('')})`;
}

/** `shop/cart-a, shop/cart-b, shop/web-a and 4 more`; empty for none. */
export function podsText(pods: readonly string[]): string {
  const more = pods.length > MAX_PODS ? ` and ${formatNumber(pods.length - MAX_PODS)} more` : '';
  return `${pods.slice(0, MAX_PODS).join(', ')}${more}`;
}

/** Where the catalogue says more about a cause. */
export function causePage(cause: string): string {
  return `docs/causes/${cause}.md`;
}
