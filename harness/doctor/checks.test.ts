import { describe, expect, it } from 'vitest';
import type { Evidence } from '../evidence/types.ts';
import { TestMesh } from '../verdict/diagnose/testing/index.ts';
import { checksOf } from './checks.ts';
import { proxyReports } from './proxies.ts';
import type { ProxyReport } from './types.ts';

function checks(change: (evidence: Evidence) => void, proxies: ProxyReport[] = []) {
  const evidence = new TestMesh().evidence();
  change(evidence);
  const versions = { controlPlane: {}, proxies: {}, prometheus: '', kubernetes: '' };
  const all = checksOf({ evidence, whole: evidence, access: 'not asked', proxies, versions, rules: [] });
  return Object.fromEntries(all.map(({ name, ok, text }) => [name, { ok, text }]));
}

describe('the line on scrapes', () => {
  const text = (count: number) =>
    checks(() => {}, proxyReports(new TestMesh().evidence()).slice(0, count)).scrapes?.text;

  it('counts in good grammar', () => {
    expect(text(1)).toMatch(/^1 of 1 proxy is scraped, by job /);
    expect(text(2)).toMatch(/^2 of 2 proxies are scraped, by job /);
  });
});

describe('the line on clients', () => {
  it('says how often an app is asked in plaintext, and can not say by whom', () => {
    expect(checks(() => {}).clients).toMatchObject({ ok: true });
    const labels = {
      direction: 'inbound',
      no_tls_reason: 'no_tls_from_remote',
      target_port: '8080',
      route_name: 'default',
    };
    const asked = checks(({ pages }) => {
      for (const [i, { page }] of pages.slice(-2).entries()) {
        page!.samples.push({ name: 'request_total', labels, value: 500 + i });
      }
    });
    expect(asked.clients).toEqual({
      ok: null,
      text: expect.stringMatching(/^shop\/db-\S+ \(501 requests\) and 1 other pod are asked in plaintext: /),
    });
  });
});

describe("the line on Prometheus' clock", () => {
  const clock = (aheadMs: number, change: (evidence: Evidence) => void = () => {}) =>
    checks((evidence) => {
      evidence.prometheus.clock = { aheadMs, uncertaintyMs: 20 };
      change(evidence);
    }).clock;
  const ofProxies = ({ stored }: Evidence) =>
    stored.filter(({ labels }) => labels.__name__ === 'process_clock_time_seconds');

  it('only notes what the rule tolerates', () => {
    expect(clock(-2900)).toEqual({ ok: true, text: "Prometheus' clock is 2.9 s behind, within 20 ms" });
    expect(clock(4000)).toMatchObject({ ok: false });
  });

  it("says whose clock is off, as far as the proxies' tell", () => {
    const alike = clock(4000, (evidence) => {
      for (const { samples } of ofProxies(evidence)) for (const sample of samples) sample.v += 4;
    });
    expect(alike).toMatchObject({ ok: true, text: expect.stringMatching(/it is this machine's that is off$/) });
    const alone = clock(4000, (evidence) => {
      evidence.stored = [];
    });
    expect(alone).toMatchObject({ ok: null, text: expect.stringMatching(/whether it or ours is off$/) });
  });
});
