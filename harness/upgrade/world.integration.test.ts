import { describe, expect, it } from 'vitest';
import { runLocalWorlds, smallScenario } from './testing/worlds.ts';

describe('a world of an upgrade', { timeout: 90_000 }, () => {
  it('leaves its verdict, its truth, and what was looked at while it was up; what can not be had costs nothing else', async () => {
    const asked: string[] = [];
    const [world] = await runLocalWorlds([
      {
        scenario: smallScenario('2.19'),
        phase: 'after',
        queries: [{ id: 'a', place: 'p', kind: 'expression', expr: 'up', records: '', labels: {}, variables: {} }],
        observers: {
          schema: () => Promise.reject(new Error('no pages here')),
          answers: async (url, queries, { originMs, trafficEndMs, scrapeIntervalMs }) => {
            const answer = await fetch(`${url}/api/v1/query?query=up&time=${trafficEndMs / 1000}`);
            asked.push(((await answer.json()) as { status: string }).status);
            expect(trafficEndMs - originMs).toBeGreaterThan(3000);
            expect(scrapeIntervalMs).toBe(1000);
            return new Map(queries.map(({ id, expr }) => [id, { evaluated: expr, series: [], error: '', parts: [] }]));
          },
        },
      },
    ]);
    expect(world!.result).toMatchObject({ verdict: 'pass', reasons: [] });
    expect(world!.info?.mesh.version).toBe('2.19');
    expect(world!.prometheusVersion).toMatch(/^\d+\.\d+/);
    expect(world!.truth.flatMap(({ made }) => made).length).toBeGreaterThan(100);
    expect(asked).toEqual(['success']);
    expect([...world!.answers.keys()]).toEqual(['a']);
    expect(world!.schema).toBeNull();
    expect(world!.troubles).toEqual([
      'what the proxies expose could not be read in run 1 of phase "after": no pages here',
    ]);
  });
});
