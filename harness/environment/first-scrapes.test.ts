import { describe, expect, it } from 'vitest';
import { HarnessError } from '../core/errors.ts';
import type { ActiveTarget, DroppedTarget } from '../prometheus/client.ts';
import { type FirstScrapes, waitForFirstScrapes } from './first-scrapes.ts';

const target = (instance: string, health: ActiveTarget['health'] = 'up', lastError = '', job = 'linkerd-proxy') =>
  ({ scrapePool: job, labels: { job, instance }, health, lastError }) as unknown as ActiveTarget;
const dropped = (scrapePool: string) => ({ scrapePool, discoveredLabels: {} }) as DroppedTarget;

/** For waits that are to end in vain; the others have all the time they need. */
const IN_VAIN = { discoveryMs: 30 };

/** Waits on what Prometheus says look by look, the last again and again. */
function wait(looks: { active: ActiveTarget[]; dropped?: DroppedTarget[] }[], more: Partial<FirstScrapes> = {}) {
  const client = {
    targets: async () => {
      const { active, dropped: none = [] } = looks.length > 1 ? looks.shift()! : looks[0]!;
      return { active, dropped: none };
    },
  };
  const options = {
    client,
    instances: ['a:4191', 'b:4191'],
    scrapeIntervalMs: 0,
    discoveryMs: 60_000,
    everyMs: 1,
    hint: 'h',
  };
  return waitForFirstScrapes({ ...options, ...more });
}

it('ends when each sidecar has been scraped, whatever else there is', async () => {
  await wait([
    { active: [] },
    { active: [target('a:4191'), target('b:4191', 'up', '', 'linkerd-controller')] },
    { active: [target('a:4191'), target('b:4191', 'unknown'), target('c:4191')] },
    { active: [target('a:4191'), target('b:4191'), target('c:4191', 'down')] },
  ]);
});

it('says which are missing, and why', async () => {
  const late = wait([{ active: [target('a:4191'), target('b:4191', 'down', 'connection refused')] }], IN_VAIN);
  await expect(late).rejects.toThrow('1 of 2 sidecars scraped; not b:4191 (connection refused)');
  await expect(wait([{ active: [target('b:4191', 'unknown')] }], IN_VAIN)).rejects.toThrow(
    '0 of 2 sidecars scraped; not a:4191 (no target), b:4191 (not yet)',
  );
});

it('asks why there is none at all, and only then; an answer ends the wait', async () => {
  let asked = 0;
  const whileNone = async () => {
    asked += 1;
    if (asked === 2) throw new HarnessError('WHY', 'because', { hint: '' });
  };
  const known = [{ active: [] }, { active: [], dropped: [dropped('linkerd-proxy')] }, { active: [target('a:4191')] }];
  await expect(wait([...known, { active: [] }], { whileNone })).rejects.toMatchObject({ code: 'WHY' });
  expect(asked).toBe(2);
  asked = 0;
  await expect(wait([{ active: [target('a:4191')] }], { whileNone, ...IN_VAIN })).rejects.toThrow('1 of 2');
  expect(asked).toBe(0);
  // Others that were dropped say nothing about sidecars.
  asked = 0;
  await expect(wait([{ active: [], dropped: [dropped('other')] }], { whileNone })).rejects.toMatchObject({
    code: 'WHY',
  });
});

it('a policy that keeps Prometheus out is named', async () => {
  const refused = target('b:4191', 'down', 'server returned HTTP status 403 Forbidden');
  await expect(wait([{ active: [target('a:4191'), refused] }], IN_VAIN)).rejects.toMatchObject({
    code: 'SCRAPES_REFUSED',
    message: '1 sidecars refuse Prometheus their metrics with 403: b:4191',
  });
  // At first only: policies take a moment.
  await wait([{ active: [target('a:4191'), refused] }, { active: [target('a:4191'), target('b:4191')] }]);
});

describe('where some may never be scraped', () => {
  const untilNoMoreForMs = 15;

  it('ends when no more has been scraped for a while', async () => {
    const from = performance.now();
    const looks = [{ active: [] }, { active: [target('a:4191')] }];
    await wait(looks, { untilNoMoreForMs });
    expect(performance.now() - from).toBeGreaterThanOrEqual(untilNoMoreForMs);
    await wait([{ active: [] }], { untilNoMoreForMs });
  });

  it('ends at once when all have been, whatever their job is called', async () => {
    const active = [target('a:4191', 'up', '', 'other'), target('b:4191', 'down'), target('b:4191', 'up', '', 'more')];
    await wait([{ active }], { untilNoMoreForMs: 60_000 });
    await expect(wait([{ active }], IN_VAIN)).rejects.toThrow('0 of 2 sidecars scraped; not a:4191 (no target)');
  });
});
