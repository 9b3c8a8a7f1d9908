import { describe, expect, it } from 'vitest';
import type { Answer, Question } from '../../evidence/types.ts';
import { Answers, questionKey } from './answers.ts';
import { diagnose, diagnoseAsking } from './engine.ts';
import { applyPrecedence } from './precedence.ts';
import { named, passedRun, TestMesh } from './testing/index.ts';
import type { Finding, Rule, RunFacts } from './types.ts';

const finding = (change: Partial<Finding>): Finding => ({
  causes: ['admin-port-refused'],
  pods: [],
  subject: '',
  summary: 'refused',
  evidence: [],
  ...change,
});
const input = () => ({ evidence: new TestMesh().evidence(), run: null });
const saying = (...findings: Finding[]): Rule => ({
  causes: ['admin-port-refused'],
  needs: [],
  diagnose: () => findings,
});
const ACCESS: Question = { ask: 'access' };

describe('the engine of diagnosis', () => {
  it('makes one finding of all that name one cause and subject', () => {
    const { findings } = diagnose(input(), new Answers(), [
      saying(finding({ pods: ['b/b'], evidence: ['x'], summary: 'One.' })),
      saying(finding({ pods: ['a/a', 'b/b'], evidence: ['x', 'y'], summary: 'Two.' })),
      saying(finding({ pods: ['c/c'], subject: 'another job' })),
    ]);
    expect(findings).toEqual([
      finding({ pods: ['a/a', 'b/b'], evidence: ['x', 'y'], summary: 'One. Two.' }),
      finding({ pods: ['c/c'], subject: 'another job' }),
    ]);
  });

  it('orders findings as the catalogue does', () => {
    const late = finding({ causes: ['prometheus-clock-off'] });
    const early = finding({ causes: ['rbac-denied'] });
    const { findings } = diagnose(input(), new Answers(), [saying(late, early)]);
    expect(findings.map((f) => f.causes[0])).toEqual(['rbac-denied', 'prometheus-clock-off']);
  });

  it('names what is as designed only where a comparison did not hold', () => {
    const mesh = new TestMesh();
    const reading = saying(finding({ causes: ['latency-to-first-byte'] }));
    const count = (run: RunFacts | null) =>
      diagnose({ evidence: mesh.evidence(), run }, new Answers(), [reading]).findings.length;
    const passed = passedRun(mesh);
    expect([count(null), count(passed)]).toEqual([0, 0]);
    expect(count({ ...passed, judgement: { ...passed.judgement, verdict: 'fail' } })).toBe(1);
    const query = { tool: '', subject: '', metric: 'rate', expr: 'up', value: 1, truth: 2, why: '' } as const;
    expect(count({ ...passed, queries: [{ ...query, verdict: 'fail' }] })).toBe(1);
    expect(count({ ...passed, queries: [{ ...query, verdict: 'pass' }, query] })).toBe(0);
  });

  it('asks an equal question once, and nothing that has an answer', () => {
    const asking: Rule = {
      causes: ['rbac-denied'],
      needs: [],
      diagnose: (_input, ask) => {
        const first = ask({ ask: 'query', expr: 'up', atMs: 5 });
        const again = ask({ atMs: 5, expr: 'up', ask: 'query' });
        expect(again).toBe(first);
        return first ? [finding({})] : [];
      },
    };
    const step = diagnose(input(), new Answers(), [asking, asking]);
    expect(step.questions).toHaveLength(1);
    const answers = new Answers([[step.questions[0]!, { to: 'query', samples: [] }]]);
    expect(diagnose(input(), answers, [asking])).toEqual({ findings: [finding({})], questions: [] });
  });

  it('asks until nobody has a question, and gives up on a rule that asks for ever', async () => {
    const chain: Rule = {
      causes: ['rbac-denied'],
      needs: [],
      diagnose: (_input, ask) => (ask(ACCESS) && ask({ ask: 'query', expr: 'up', atMs: 1 }) ? [finding({})] : []),
    };
    const answer = async () => ({ to: 'error' as const, message: 'no' });
    const done = await diagnoseAsking(input(), answer, [chain]);
    expect(done.asked.map((q) => q.ask)).toEqual(['access', 'query']);
    expect(done.findings).toHaveLength(1);
    let n = 0;
    const endless: Rule = {
      ...chain,
      diagnose: (_input, ask) => {
        ask({ ask: 'query', expr: 'up', atMs: n++ });
        return [];
      },
    };
    expect((await diagnoseAsking(input(), answer, [endless])).findings).toEqual([]);
  });

  it('has ten questions out at a time, and gives each its own answer', async () => {
    let open = 0;
    let most = 0;
    const expected = Array.from({ length: 35 }, (_, i) => `q${i}`);
    const answered: string[] = [];
    const asking: Rule = {
      causes: ['rbac-denied'],
      needs: [],
      diagnose: (_input, ask) => {
        for (const expr of expected) {
          const answer = ask({ ask: 'query', expr, atMs: 1 });
          if (answer?.to === 'error') answered.push(`${expr} ${answer.message}`);
        }
        return [];
      },
    };
    const answer = async (question: Question): Promise<Answer> => {
      most = Math.max(most, ++open);
      await new Promise(setImmediate);
      open--;
      return { to: 'error', message: question.ask === 'query' ? question.expr : '' };
    };
    await diagnoseAsking(input(), answer, [asking]);
    expect(most).toBe(10);
    expect(answered).toEqual(expected.map((expr) => `${expr} ${expr}`));
  });

  it('knows questions by what they ask', () => {
    expect(questionKey({ ask: 'certificate', namespace: 'a', pod: 'b' })).toBe(
      questionKey({ pod: 'b', namespace: 'a', ask: 'certificate' } as Question),
    );
    expect(questionKey({ ask: 'certificate', namespace: 'a', pod: 'b' })).not.toBe(
      questionKey({ ask: 'certificate', namespace: 'b', pod: 'a' }),
    );
  });
});

describe('precedence', () => {
  it('leaves out, pod by pod, what another finding explains', () => {
    const findings = [
      finding({ causes: ['client-not-meshed'], pods: ['m/load'] }),
      finding({ causes: ['pod-not-injected'], pods: ['m/load', 'shop/cart'] }),
    ];
    expect(named(applyPrecedence(findings))).toEqual([
      { causes: ['client-not-meshed'], pods: ['m/load'] },
      { causes: ['pod-not-injected'], pods: ['shop/cart'] },
    ]);
  });

  it('leaves out what is undecided where one of its causes is decided', () => {
    const undecided = finding({ causes: ['admin-port-dropped', 'scrape-timeout'], pods: ['a/a', 'b/b'] });
    const decided = finding({ causes: ['scrape-timeout'], pods: ['a/a'] });
    expect(named(applyPrecedence([undecided, decided]))).toEqual([
      { causes: undecided.causes, pods: ['b/b'] },
      { causes: decided.causes, pods: ['a/a'] },
    ]);
    const other = finding({ causes: ['page-malformed'], pods: ['a/a', 'b/b'] });
    expect(applyPrecedence([undecided, other])).toEqual([undecided, other]);
  });
});
