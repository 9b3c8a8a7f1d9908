import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { arbitraryResult } from '../result/testing/arbitrary.ts';
import { passingScenario, sampleDiagnosis, sampleResult } from '../result/testing/sample.ts';
import { renderJunit } from './junit.ts';
import { all, parseXml } from './testing/xml.ts';

const NUM_RUNS = 150;

describe('junit', () => {
  it('has a suite a scenario and a case a row; a fail is a failure, inconclusive an error, and nothing is skipped', () => {
    const root = parseXml(renderJunit(sampleResult()));
    expect(root.attributes).toMatchObject({
      name: 'meshproof',
      tests: '13',
      failures: '2',
      errors: '2',
      time: '48.210',
    });
    const suites = all(root, 'testsuite');
    expect(suites.map((s) => s.attributes.name)).toEqual(['baseline-chain', 'error-burst', 'spike']);
    expect(all(suites[0]!, 'testcase').map((c) => c.attributes.name)).toEqual([
      'scenario',
      'flow meshproof/load -> shop/web 200 inbound',
      'latency meshproof/load -> shop/web p99 inbound',
      'slo * -> shop/web: successRate >= 99%',
    ]);
    expect(all(suites[1]!, 'failure')[1]!.text).toContain('300 <= 297 <= 300 does not hold');
    expect(all(suites[2]!, 'error')[0]!.attributes).toMatchObject({ type: 'DROPPED_ITERATIONS' });
    expect(all(root, 'skipped')).toEqual([]);
  });

  it('says in the failure of a scenario why first, then what', () => {
    const [scenario] = all(parseXml(renderJunit(sampleResult())), 'failure');
    expect(scenario!.text.split('\n')).toEqual([
      expect.stringMatching(/^why: Packets to the admin port are dropped \(admin-port-dropped\): 10\.1\.2\.3/),
      expect.stringMatching(/^seen: Prometheus, targets/),
      'do: look for a NetworkPolicy that keeps Prometheus from port 4191',
      expect.stringMatching(/^NOT_EQUAL_AT_END: /),
    ]);
    const passing = { ...passingScenario(), diagnoses: [sampleDiagnosis()] };
    const root = parseXml(renderJunit({ ...sampleResult(), scenarios: [passing] }));
    expect(root.attributes.failures).toBe('0');
    expect(all(root, 'system-out')[0]!.text).toContain('Packets to the admin port are dropped');
  });

  it('is never green when the run broke off or ran nothing', () => {
    const error = { code: 'INTERRUPTED', message: 'interrupted by SIGINT', hint: 'run again' };
    for (const result of [
      { ...sampleResult(), scenarios: [passingScenario()], error },
      { ...sampleResult(), scenarios: [] },
      { ...sampleResult(), scenarios: [{ ...passingScenario(), error }] },
    ]) {
      expect(Number(parseXml(renderJunit(result)).attributes.errors)).toBeGreaterThan(0);
    }
  });

  it('is well-formed for any result, and its counts add up', () => {
    fc.assert(
      fc.property(arbitraryResult, (result) => {
        const root = parseXml(renderJunit(result));
        expect(root.attributes.tests).toBe(String(all(root, 'testcase').length));
        expect(root.attributes.failures).toBe(String(all(root, 'failure').length));
        expect(root.attributes.errors).toBe(String(all(root, 'error').length));
        const notPassed = result.scenarios.filter((s) => s.verdict !== 'pass').length;
        expect(all(root, 'failure').length + all(root, 'error').length).toBeGreaterThanOrEqual(notPassed);
      }),
      { numRuns: NUM_RUNS },
    );
  });
});
