import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { changesBetween } from './between.ts';
import { KNOWN_CHANGES } from './known.ts';
import { changeText } from './words.ts';

const ids = (steps: Parameters<typeof changesBetween>[0]) =>
  changesBetween(steps).map(({ change, reversed }) => `${reversed ? '-' : ''}${change.id}`);
const proxy = (from: string, to: string) => ids({ proxy: { from, to } });

describe('changes between two versions', () => {
  it('are those whose first version lies after the one and not after the other', () => {
    expect(proxy('v2.268.0', '2.286.0')).toEqual([
      'inbound-authority',
      'hostname-emptied',
      'srv-port',
      'protocol-detection',
      'transport-header-connections',
      'protocol-connections',
      'process-network',
      'duplicate-series',
    ]);
    expect(proxy('2.276.9', '2.277.0')).toEqual(['inbound-authority']);
    expect(proxy('2.277.0', '2.279.0')).toEqual([]);
    expect(proxy('v2.359.0', 'v2.359.0')).toEqual([]);
  });

  it('are undone on the way back, the newest first', () => {
    expect(proxy('2.280.0', '2.268.0')).toEqual(['-hostname-emptied', '-inbound-authority']);
  });

  it('are undone when they were mended, and do not show when they came and went', () => {
    expect(proxy('2.294.0', '2.306.0')).toEqual(['-duplicate-series']);
    expect(proxy('2.306.0', '2.294.0')).toContain('duplicate-series');
    expect(proxy('2.268.0', '2.326.0')).not.toContain('duplicate-series');
    expect(proxy('2.188.0', '2.210.4')).not.toContain('grpc-status-as-text');
    expect(proxy('2.188.0', '2.207.0')).toContain('grpc-status-as-text');
  });

  it('of charts go by the release, or by the edge', () => {
    const chart = (from: string, to: string) => ids({ linkerd: { from, to } });
    expect(chart('2.18', 'version-2.19')).toEqual(['admin-port-names', 'control-plane-targets-lost']);
    expect(chart('stable-2.14.10', '2.15')).toEqual([]);
    expect(chart('2.19', 'edge-26.8.3')).toContain('-control-plane-targets-lost');
    expect(chart('edge-25.6.2', 'edge-25.6.3')).toEqual(['admin-port-names', 'control-plane-targets-lost']);
    expect(chart('edge-26.8.3', '2.19')).toContain('-native-sidecar');
    expect(chart('something', '2.19')).toEqual([]);
  });

  it('of Prometheus begin with 3.0', () => {
    expect(ids({ prometheus: { from: '2.42.0', to: '2.55.1' } })).toEqual([]);
    expect(ids({ prometheus: { from: '2.55.1', to: '3.15.0' } })).toContain('le-as-float');
    expect(ids({ prometheus: { from: '3.15.0', to: '2.42.0' } })).toContain('-holt-winters-renamed');
  });

  it('of two steps are those of the whole, but for what the one makes and the other undoes', () => {
    const version = fc.integer({ min: 120, max: 380 }).map((minor) => `2.${minor}.0`);
    fc.assert(
      fc.property(version, version, version, (a, b, c) => {
        const net = new Map<string, number>();
        for (const [from, to] of [[a, b] as const, [b, c] as const]) {
          for (const { change, reversed } of changesBetween({ proxy: { from, to } })) {
            net.set(change.id, (net.get(change.id) ?? 0) + (reversed ? -1 : 1));
          }
        }
        const whole = changesBetween({ proxy: { from: a, to: c } });
        const expected = [...net].filter(([, n]) => n !== 0).sort();
        expect(whole.map(({ change, reversed }) => [change.id, reversed ? -1 : 1]).sort()).toEqual(expected);
      }),
    );
  });
});

describe('the words of a change', () => {
  const text = (steps: Parameters<typeof changesBetween>[0], id: string) =>
    changeText(changesBetween(steps).find(({ change }) => change.id === id)!);

  it('name what changed and since when', () => {
    expect(text({ proxy: { from: '2.268.0', to: '2.294.0' } }, 'inbound-authority')).toBe(
      '`authority` is no longer on inbound series since proxy v2.277 (Linkerd 2.18)',
    );
    expect(text({ prometheus: { from: '2.42.0', to: '3.15.0' } }, 'le-as-float')).toBe(
      'Prometheus stores `le` and `quantile` as floats since Prometheus 3.0: `le="1"` is `le="1.0"`',
    );
    expect(text({ proxy: { from: '2.188.0', to: '2.207.0' } }, 'grpc-status-as-text')).toBe(
      '`grpc_status` is a text ("Unknown error") instead of a number from proxy v2.197 (Linkerd 2.13) to before proxy v2.210.1 (Linkerd 2.14.2)',
    );
  });

  it('say when the step leads back', () => {
    expect(text({ proxy: { from: '2.294.0', to: '2.268.0' } }, 'inbound-authority')).toMatch(
      /since proxy v2\.277 \(Linkerd 2\.18\); the version after is older and not so$/,
    );
  });
});

describe('the table', () => {
  it('has each change once, with a version that can be compared, and a text without a full stop', () => {
    expect(new Set(KNOWN_CHANGES.map(({ id }) => id)).size).toBe(KNOWN_CHANGES.length);
    for (const { id, since, until, text, instead, of, edge } of KNOWN_CHANGES) {
      expect(id).toMatch(/^[a-z0-9-]+$/);
      expect([since, ...(until ? [until] : [])]).toEqual(
        [since, ...(until ? [until] : [])].map((v) => /^[\d.]+$/.exec(v)?.[0]),
      );
      expect(`${text}|${instead}`).not.toMatch(/\.$|\.\|/);
      expect(edge !== undefined).toBe(of === 'chart');
    }
  });

  it('names families without the suffixes of histograms', () => {
    for (const { subject } of KNOWN_CHANGES) {
      if ('family' in subject) expect(subject.family.source).not.toMatch(/_bucket/);
    }
  });
});
