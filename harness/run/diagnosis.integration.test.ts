import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { ScenarioResult } from '../result/types.ts';
import { parseScenario } from '../scenario/load.ts';
import { rediagnose } from './rediagnose.ts';
import { runScenario } from './scenario.ts';
import { openLocal, quietContext } from './testing/context.ts';
import { passing } from './testing/expect-passed.ts';
import { tempDir } from './testing/tools.ts';

const world = (faults: string) => `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: diagnosed, description: A small world. }
namespace: shop
seed: 11
mesh: { scrapeInterval: 2s }
services:
  - name: web
    calls: [{ service: cart }]
  - { name: cart, replicas: 2 }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 10/s, duration: 6s, maxVUs: 60 }
${faults}`;

async function run<T>(faults: string, then: (result: ScenarioResult, evidenceFile: string) => Promise<T>): Promise<T> {
  await using dir = await tempDir();
  const context = quietContext(dir.path);
  await using session = await openLocal(context);
  return await then(
    await runScenario(parseScenario(world(faults), 'diagnosed.yaml'), { session, context }),
    join(dir.path, 'evidence.json'),
  );
}

const codes = ({ reasons }: ScenarioResult) => new Set(reasons.map(({ code }) => code));

describe('a run ends in its diagnosis', { timeout: 180_000 }, () => {
  it('finds nothing where nothing is wrong, and keeps no evidence of it', async () => {
    const { result, kept } = await passing(
      () => run('', async (result, file) => ({ result, kept: existsSync(file) })),
      ({ result }) => [result],
    );
    expect(result).toMatchObject({ verdict: 'pass', diagnoses: [] });
    expect(result.phases.map(({ name }) => name)).toContain('diagnosis');
    expect(kept).toBe(false);
  });

  it('gets to a verdict where nothing is scraped at all, says why, and can say it again', async () => {
    await run('faults: [{ type: rbac-denied }]', async (result, file) => {
      expect(result.error).toBeUndefined();
      expect(result.verdict).toBe('inconclusive');
      expect(codes(result)).toEqual(new Set(['NO_DATA']));
      expect(result.diagnoses).toMatchObject([
        { causes: ['rbac-denied'], kind: 'fault', title: expect.stringMatching(/\w/) },
      ]);
      expect(result.diagnoses![0]!.pods.filter((pod) => pod.startsWith('shop/'))).toHaveLength(3);
      const again = await rediagnose(file);
      expect(again).toEqual({ diagnoses: result.diagnoses, unanswered: [] });
    });
  });

  it('gets to a verdict where one page can not be read, and names it', async () => {
    await run('faults: [{ type: admin-refused, service: cart, replica: 0 }]', async (result, file) => {
      expect(result.error).toBeUndefined();
      const unread = result.reasons.filter(({ message }) => /its page .*can't be read/.test(message));
      expect(unread).toMatchObject([{ code: 'NO_DATA', message: expect.stringMatching(/^shop\/cart-.*ECONNREFUSED/) }]);
      expect(result.diagnoses).toMatchObject([
        { causes: ['admin-port-refused'], pods: [expect.stringMatching(/^shop\/cart-/)] },
      ]);
      expect((await rediagnose(file)).diagnoses).toEqual(result.diagnoses);
    });
  });
});
