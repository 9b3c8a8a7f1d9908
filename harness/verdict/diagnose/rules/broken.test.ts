import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  anyMesh,
  BROKEN_DISCOVERY,
  BROKEN_SCRAPES,
  type Broken,
  Draw,
  diagnoseMesh,
  named,
  TestMesh,
} from '../testing/index.ts';
import { DISCOVERY_RULES } from './discovery/index.ts';
import { SCRAPE_RULES } from './scrapes/index.ts';

const RULES = [...DISCOVERY_RULES, ...SCRAPE_RULES];
const ALL: readonly Broken[] = [...BROKEN_DISCOVERY, ...BROKEN_SCRAPES];

describe('a mesh that is broken in one way', () => {
  it.each(ALL)('is diagnosed: $name', async (broken) => {
    await fc.assert(
      fc.asyncProperty(anyMesh, fc.nat(), async (options, seed) => {
        const mesh = new TestMesh(options);
        fc.pre(broken.needs !== 'native sidecars' || mesh.hasNativeSidecars);
        const pods = broken.breaks(mesh, new Draw(seed));
        const findings = await diagnoseMesh(mesh, null, RULES);
        expect(named(findings)).toEqual([{ causes: [broken.cause], pods }]);
        expect(findings[0]!.summary).toMatch(/\.$/);
        expect(findings[0]!.evidence.length).toBeGreaterThan(0);
      }),
      { numRuns: 5 },
    );
  });
});
