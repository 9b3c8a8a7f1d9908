import { describe, expect, it } from 'vitest';
import type { Answer, Question } from '../../../../evidence/types.ts';
import { tryParse } from '../../../../prometheus/promql/index.ts';
import type { QueryResult } from '../../../../result/types.ts';
import { failedQueries } from '../../failed-query.ts';
import { passedRun, TestMesh } from '../../testing/index.ts';
import type { Ask, Finding } from '../../types.ts';
import { QueryContext } from './context.ts';
import { explain } from './explain.ts';
import type { Mend } from './mend.ts';

const FAILED: QueryResult = {
  tool: 'expect.queries',
  subject: 'web -> cart',
  metric: 'rate',
  expr: 'original',
  value: 60,
  truth: 30,
  why: '',
  verdict: 'fail',
  flow: 'shop/web -> shop/cart',
  overMs: 5000,
  within: 0.1,
};

/** What each expression says; others say nothing. */
type Says = Record<string, number>;

/** A mend by which `from` becomes each of `to`. */
function mend(cause: Mend['cause'], from: string, ...to: string[]): Mend {
  return {
    cause,
    needs: [],
    ways: (tree) =>
      tree.kind === 'selector' && tree.name === from
        ? to.map((name) => ({ tree: tryParse(name), evidence: [`${from} has ${cause}`] }))
        : [],
  };
}

function explained(says: Says, mends: Mend[], result: Partial<QueryResult> = {}): Finding[] {
  const mesh = new TestMesh();
  const run = passedRun(mesh, { queries: [{ ...FAILED, ...result }] });
  const ask: Ask = (question: Question): Answer =>
    question.ask === 'query' && question.expr in says
      ? { to: 'query', samples: [{ labels: {}, t: 0, v: says[question.expr]! }] }
      : { to: 'query', samples: [] };
  return failedQueries(run).flatMap((query) => explain(new QueryContext(query, mesh.evidence(), ask), mends));
}

const causes = (findings: Finding[]) => findings.map((finding) => finding.causes);

describe('what explains a query', () => {
  it('is what makes it say what is true', () => {
    const [finding] = explained({ a: 31, b: 45 }, [
      mend('no-direction-filter', 'original', 'x', 'a'),
      mend('irate-on-a-spiky-load', 'original', 'b'),
    ]);
    expect(finding).toEqual({
      causes: ['no-direction-filter'],
      pods: [],
      subject: 'original',
      summary: 'original says 60/s, and the truth of web -> cart is 30/s; a says 31/s.',
      evidence: ['original has no-direction-filter', 'a says 31/s'],
      remedy: ['a'],
    });
  });

  it('is undecided between several that do', () => {
    const findings = explained({ a: 31, b: 30 }, [
      mend('no-direction-filter', 'original', 'a'),
      mend('irate-on-a-spiky-load', 'original', 'b'),
    ]);
    expect(causes(findings)).toEqual([['irate-on-a-spiky-load', 'no-direction-filter']]);
    expect(findings[0]!.remedy).toEqual(['a', 'b']);
  });

  it('is two, each by itself, where it takes both', () => {
    const mends = [mend('no-direction-filter', 'original', 'a'), mend('irate-on-a-spiky-load', 'a', 'b')];
    expect(causes(explained({ a: 50, b: 30 }, mends))).toEqual([['no-direction-filter'], ['irate-on-a-spiky-load']]);
  });

  it('is not two, where the second hardly matters', () => {
    const mends = [mend('no-direction-filter', 'original', 'a'), mend('irate-on-a-spiky-load', 'a', 'b')];
    const says = { a: 40, b: 36, c: 90 };
    expect(explained(says, mends, { within: 0.2 })).toEqual([]);
    // In the other order it would seem to.
    const others = [mend('irate-on-a-spiky-load', 'original', 'c'), mend('no-direction-filter', 'c', 'b')];
    expect(explained(says, [...mends, ...others], { within: 0.2 })).toEqual([]);
  });

  it('is one, where that leaves hardly anything', () => {
    const mends = [mend('no-direction-filter', 'original', 'a'), mend('irate-on-a-spiky-load', 'a', 'b')];
    expect(causes(explained({ a: 37, b: 30 }, mends))).toEqual([['no-direction-filter']]);
    expect(causes(explained({ a: 38, b: 30 }, mends))).toHaveLength(2);
  });

  it('takes away a good part of the difference', () => {
    const mends = [mend('series-born-above-zero', 'original', 'a')];
    expect(explained({ a: 27.1 }, mends, { value: 26.5 })).toEqual([]);
    expect(causes(explained({ a: 28.5 }, mends, { value: 26.5 }))).toEqual([['series-born-above-zero']]);
  });

  it('is what brings about the truth, where there was no data', () => {
    const mends = [mend('job-label-differs', 'original', 'a'), mend('irate-on-a-spiky-load', 'a', 'b')];
    expect(causes(explained({ a: 25, b: 27.1 }, mends, { value: null }))).toEqual([['job-label-differs']]);
    expect(explained({ a: 20 }, mends, { value: null })).toEqual([]);
  });

  it('is one, where one suffices', () => {
    const mends = [mend('no-direction-filter', 'original', 'a'), mend('irate-on-a-spiky-load', 'a', 'b')];
    expect(causes(explained({ a: 30, b: 30 }, mends))).toEqual([['no-direction-filter']]);
  });

  it('is decided as far as all pairs have it in common', () => {
    const mends = [
      mend('no-direction-filter', 'original', 'a'),
      mend('irate-on-a-spiky-load', 'a', 'b'),
      mend('job-label-differs', 'a', 'c'),
    ];
    expect(causes(explained({ b: 30, c: 30 }, mends))).toEqual([
      ['no-direction-filter'],
      ['irate-on-a-spiky-load', 'job-label-differs'],
    ]);
  });

  it('is nothing, where no mending helps, or there is nothing to mend', () => {
    expect(explained({ a: 50 }, [mend('no-direction-filter', 'original', 'a')])).toEqual([]);
    expect(explained({ a: 30 }, [mend('no-direction-filter', 'other', 'a')])).toEqual([]);
    expect(explained({ a: 30 }, [mend('no-direction-filter', 'original', 'a')], { verdict: 'pass' })).toEqual([]);
    expect(explained({ a: 30 }, [mend('no-direction-filter', 'original', 'a')], { expr: 'orig(inal' })).toEqual([]);
  });

  it('is not said before all that was asked is answered', () => {
    const mesh = new TestMesh();
    const run = passedRun(mesh, { queries: [FAILED] });
    const asked: string[] = [];
    const ask: Ask = (question) => {
      const text = question.ask === 'query' ? question.expr : '';
      asked.push(text);
      return text === 'a' ? { to: 'query', samples: [{ labels: {}, t: 0, v: 30 }] } : undefined;
    };
    const mends = [mend('no-direction-filter', 'original', 'a'), mend('irate-on-a-spiky-load', 'original', 'b')];
    const context = new QueryContext(failedQueries(run)[0]!, mesh.evidence(), ask);
    expect(explain(context, mends)).toEqual([]);
    expect(asked).toEqual(['a', 'b']);
  });

  it('may be a cause that no other query avoids', () => {
    const settled: Mend = {
      cause: 'quantile-in-a-wide-bucket',
      needs: [],
      ways: () => [{ tree: null, evidence: ['the bucket'], remedy: ['read it as a bucket'] }],
    };
    expect(explained({}, [settled])).toMatchObject([
      { causes: ['quantile-in-a-wide-bucket'], evidence: ['the bucket'], remedy: ['read it as a bucket'] },
    ]);
  });
});
