import type { UnreadPage } from '../environment/contract.ts';
import type { Reason, ScenarioResult } from '../result/types.ts';

/**
 * Names the proxies whose pages could not be read, with what they said, in the place of what the judge only sees the absence of.
 * No data is never a pass.
 */
export function addUnread(result: Pick<ScenarioResult, 'reasons' | 'verdict'>, unread: readonly UnreadPage[]): void {
  const keys = new Set(unread.map(keyOf));
  const isSaid = ({ code, message }: Reason) =>
    code === 'NO_DATA' && [...keys].some((key) => message.startsWith(`${key}: the proxy ledger`));
  const said = unread.map((page): Reason => {
    const key = keyOf(page);
    const why = page.error.startsWith(`${key}: `) ? page.error.slice(key.length + 2) : page.error;
    const told = why.includes("can't be read: ") ? why : `can't be read: ${why}`;
    return { code: 'NO_DATA', verdict: 'inconclusive', message: `${key}: its page ${told}` };
  });
  result.reasons = [...result.reasons.filter((reason) => !isSaid(reason)), ...said];
  if (said.length > 0 && result.verdict === 'pass') result.verdict = 'inconclusive';
}

const keyOf = ({ namespace, pod }: UnreadPage) => `${namespace}/${pod}`;
