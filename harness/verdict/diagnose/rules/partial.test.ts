import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diagnoseAsking } from '../engine.ts';
import { anyMesh, BROKEN_DISCOVERY, BROKEN_SCRAPES, Draw, passedRun, TestMesh } from '../testing/index.ts';
import { partialEvidence } from '../testing/partial.ts';

const ALL = [...BROKEN_DISCOVERY, ...BROKEN_SCRAPES];

describe('evidence of which parts can not be read', () => {
  it('never makes a rule throw, with questions answered or not', async () => {
    await fc.assert(
      fc.asyncProperty(anyMesh, fc.nat(), fc.nat(ALL.length - 1), async (options, seed, which) => {
        const mesh = new TestMesh(options);
        const draw = new Draw(seed);
        const run = draw.next() < 0.5 ? passedRun(mesh) : null;
        if (draw.next() < 0.7) ALL[which]!.breaks(mesh, draw);
        const evidence = partialEvidence(mesh.evidence(), draw);
        const answered = draw.next() < 0.5;
        const { findings } = await diagnoseAsking({ evidence, run }, async (question) =>
          answered ? mesh.answer(question) : { to: 'error', message: 'no' },
        );
        for (const finding of findings) expect(finding.causes.length).toBeGreaterThan(0);
      }),
      { numRuns: 60 },
    );
  });

  it('names nothing where nothing could be read', async () => {
    await fc.assert(
      fc.asyncProperty(anyMesh, async (options) => {
        const mesh = new TestMesh(options);
        const evidence = mesh.evidence();
        const { prometheus, cluster } = evidence;
        Object.assign(prometheus, { clock: null, jobs: [], active: [], dropped: [], log: null, own: [] });
        Object.assign(cluster, { pods: null, services: null, namespaces: null, policies: null, rbac: null });
        Object.assign(evidence, { pages: [], stored: [] });
        const answer = async () => ({ to: 'error' as const, message: 'no' });
        expect((await diagnoseAsking({ evidence, run: null }, answer)).findings).toEqual([]);
      }),
      { numRuns: 5 },
    );
  });
});
