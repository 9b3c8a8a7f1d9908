import { expect, it } from 'vitest';
import type { Scrape } from '../../ledger/types.ts';
import { missedScrapes } from './missed-scrapes.ts';

const at = (t: number, change: Partial<Scrape> = {}): Scrape => ({
  ...{ t, fromMs: t - 1, untilMs: t + 10, ok: true, startTime: 1 },
  ...change,
});
const EVERY_SECOND = Array.from({ length: 14 }, (_, i) => 8_000 + i * 1000);

function missed(change: (t: number) => Scrape[]): string[] {
  const scrapes = EVERY_SECOND.flatMap(change);
  return [
    ...missedScrapes({
      window: { originMs: 10_000, trafficEndMs: 20_000, quietFromMs: 20_000, scrapeIntervalMs: 1000 },
      prometheus: {
        source: 'prometheus',
        series: [],
        targets: [
          { job: 'linkerd-proxy', namespace: 'shop', pod: 'web-0', instance: 'a', scrapes },
          {
            job: 'linkerd-proxy',
            namespace: 'shop',
            pod: 'db-0',
            instance: 'b',
            scrapes: EVERY_SECOND.map((t) => at(t)),
          },
        ],
      },
    }),
  ];
}

it.each<[string, (t: number) => Scrape[], string[]]>([
  ['nothing', (t) => [at(t + (t % 3))], []],
  ['one that failed', (t) => [at(t, { ok: t !== 15_000 })], ['shop/web-0']],
  ['one that did not happen', (t) => (t === 15_000 ? [] : [at(t)]), ['shop/web-0']],
  ['one that took long', (t) => [at(t, { untilMs: t + (t === 15_000 ? 400 : 10) })], ['shop/web-0']],
  ['none while traffic ran', (t) => [at(t, { ok: t !== 8000 })], []],
])('finds %s', (_, change, pods) => {
  expect(missed(change)).toEqual(pods);
});
