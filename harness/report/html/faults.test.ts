import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { faultsSchema } from '../../matrix/schema.ts';
import { sampleRecord, sampleWorld } from '../../matrix/testing/samples.ts';
import { arbitraryOf } from '../../result/testing/arbitrary-of.ts';
import { renderFaultsHtml } from './faults.ts';
import { hostile } from './testing/hostile.ts';
import { foreign, holes, outOfOrder, poorFigures, visible } from './testing/page-text.ts';

describe('a matrix of faults', () => {
  it('says the score first, then what is wrong, then fault by fault, then the times', async () => {
    const page = await renderFaultsHtml(sampleRecord());
    const first = ['FAIL: 1 of 5 worlds wrong, 1 error', '1 of 2 right', 'admin-port-refused was not named'];
    const then = [
      'Worlds with one fault',
      'wrong admin-refused',
      'right admin-port-renamed',
      'Worlds with two',
      'the slowest',
    ];
    expect(outOfOrder(page, [...first, ...then])).toBe('');
    expect(page).toContain('<header class="bad">');
    expect(poorFigures(page)).toEqual([]);
    expect(holes(page)).toEqual([]);
  });

  it('shows what was injected, expected and named of a world that is not right, and where its evidence is', async () => {
    const diagnosed = [{ causes: ['a', 'b'], pods: ['shop/x'], subject: '', summary: 'two could be' }];
    const world = sampleWorld({ name: 'one/of them', outcome: 'wrong', why: 'undecided', diagnosed });
    const page = await renderFaultsHtml({ ...sampleRecord(), worlds: [world] });
    const text = visible(page).replace(/ (?=[,:])/g, '');
    expect(text).toContain(
      'Injected admin-port-renamed shop/cart 0, name: metrics Expected admin-port-renamed, shop/cart-0',
    );
    expect(text).toContain('Named a or b, shop/x: two could be');
    expect(page).toContain('href="one/of%20them/result.json"');
  });

  it('has what is wrong before what broke off, with the hint of that', async () => {
    const error = { code: 'X', message: 'died', hint: 'see its log' };
    const broken = sampleWorld({ name: 'broken', outcome: 'error', why: 'X: died', error });
    const wrong = sampleWorld({ name: 'wrong-one', outcome: 'wrong', why: 'not named' });
    const page = await renderFaultsHtml({ ...sampleRecord(), worlds: [broken, wrong] });
    expect(outOfOrder(page, ['wrong-one wrong', 'broken error', 'X: died', 'see its log'])).toBe('');
  });

  it('draws a mark a world, the slowest case first', async () => {
    const worlds = [
      sampleWorld({ name: 'quick', cases: ['quick'], faultToDiagnosisMs: 1000 }),
      sampleWorld({ name: 'slow', cases: ['slow'], faultToDiagnosisMs: 9000 }),
      sampleWorld({ name: 'slow-2', cases: ['slow'], faultToDiagnosisMs: 8000 }),
    ];
    const page = await renderFaultsHtml({ ...sampleRecord(), verdict: 'pass', worlds });
    expect(visible(page)).toContain('slow 2 8.0 s 9.0 s 310 ms quick 1 1.0 s 1.0 s 310 ms');
    expect(visible(page)).not.toContain('What is not right');
  });

  it('escapes whatever a record holds', async () => {
    const page = await renderFaultsHtml(hostile(sampleRecord(), faultsSchema));
    expect(foreign(page)).toEqual([]);
    expect(page).toContain('&lt;script&gt;');
  });

  it('can be made of any record', async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryOf(faultsSchema), async (record) => {
        const page = await renderFaultsHtml(record);
        expect(foreign(page)).toEqual([]);
        expect(poorFigures(page)).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });
});
