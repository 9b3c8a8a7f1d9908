import { describe, expect, it } from 'vitest';
import { changed, inserted, named, without } from './family-changes.ts';
import { findProfile, PROFILES } from './index.ts';
import type { ChartProfile, ProxyBehaviour } from './types.ts';

const RELEASES = ['edge-26.8.3', '2.20', '2.19', '2.18', '2.17', '2.16', '2.15', '2.14', '2.12'];

/** Of each release, newest first; written out from the facts (sections 4, 6 and 9). */
function table(values: Record<string, unknown[]>): [release: string, Record<string, unknown>][] {
  return RELEASES.map((release, i) => [
    release,
    Object.fromEntries(Object.entries(values).map(([name, of]) => [name, of[Math.min(i, of.length - 1)]])),
  ]);
}

const BEHAVIOURS = table({
  inboundAuthority: [false, false, false, false, true],
  hostname: ['empty', 'empty', 'empty', 'empty', 'populated'],
  openGrpcStatus: ['2', '2', '2', '2', '2', '2', '2', '2', '0'],
  classification: [...new Array(8).fill('always'), 'when-relevant'],
  duplicatesOfMixedTransport: [false, false, false, true, false],
  transportHeader: [true, true, true, true, false],
  registry: [true, true, true, true, true, true, true, false],
  dstZone: ['locality', 'locality', 'locality', 'locality', 'locality', 'zone', 'zone', 'none'],
} satisfies Record<keyof ProxyBehaviour, unknown[]>);

const CHARTS = table({
  nativeSidecar: [true, true, false],
  controllerKeep: ['.*admin$', '.*admin$', 'admin', 'admin-http'],
  multiclusterJob: [...new Array(4).fill('linkerd-multicluster-controller'), 'linkerd-service-mirror'],
  phaseFilter: [true, true, false],
  destination: ['dest-admin', 'dest-admin', 'dest-admin', 'admin-http'],
  policy: ['policy-admin', 'policy-admin', 'policy-admin', ...new Array(5).fill('admin-http'), 'admin'],
  spValidator: ['spval-admin', 'spval-admin', 'spval-admin', 'admin-http'],
  identity: ['ident-admin', 'ident-admin', 'ident-admin', 'admin-http'],
  proxyInjector: ['injector-admin', 'injector-admin', 'injector-admin', 'admin-http'],
} satisfies Record<keyof ChartProfile['adminPorts'] | keyof ChartProfile['viz'] | 'nativeSidecar', unknown[]>);

describe('releases', () => {
  it('are these, newest first', () => {
    expect(PROFILES.map(({ linkerdVersion }) => linkerdVersion)).toEqual(RELEASES);
    const dates = PROFILES.map(({ build }) => build.date);
    expect(dates).toEqual(dates.toSorted().toReversed());
    expect(new Set(PROFILES.flatMap((one) => [one.proxyVersion, one.linkerdVersion, ...one.aliases])).size).toBe(
      PROFILES.reduce((sum, { aliases }) => sum + 2 + aliases.length, 0),
    );
  });

  it.each(BEHAVIOURS)('%s behaves so', (release, expected) => {
    expect(findProfile(release).behaviour).toEqual(expected);
  });

  it.each(CHARTS)('%s has these charts', (release, expected) => {
    const { nativeSidecar, adminPorts, viz } = findProfile(release).chart;
    expect({ nativeSidecar, ...adminPorts, ...viz }).toEqual(expected);
  });

  it('of 2.19 keeps none of the ports that its control plane has', () => {
    const kept = RELEASES.map((release) => {
      const { adminPorts, viz } = findProfile(release).chart;
      return Object.values(adminPorts).filter((port) => new RegExp(`^(?:${viz.controllerKeep})$`).test(port)).length;
    });
    // The policy controller of 2.12 has nothing to scrape.
    expect(kept).toEqual([5, 5, 0, 5, 5, 5, 5, 5, 4]);
  });

  it('print headers of empty families up to 2.20', () => {
    const printed = PROFILES.filter(({ headersOfEmptyFamilies }) => headersOfEmptyFamilies);
    expect(printed.map(({ linkerdVersion }) => linkerdVersion)).toEqual(RELEASES.slice(1));
  });

  it('know an error that 2.20 removed', () => {
    const knows = PROFILES.filter(({ families }) =>
      families
        .find(({ name }) => name === 'inbound_http_errors_total')
        ?.values?.error?.includes('gateway identity required'),
    );
    expect(knows.map(({ linkerdVersion }) => linkerdVersion)).toEqual(RELEASES.slice(2));
  });

  it('have gateway_* in 2.15 alone', () => {
    const have = PROFILES.filter(({ families }) => families.some(({ name }) => name.startsWith('gateway_')));
    expect(have.map(({ linkerdVersion }) => linkerdVersion)).toEqual(['2.15']);
  });

  it('have the same buckets, and the rest that did not change from 2.12 to 2.20', () => {
    for (const { families, retainIdleMs, failfastSeconds } of PROFILES) {
      expect(families.find(({ name }) => name === 'response_latency_ms')?.buckets).toHaveLength(25);
      expect([retainIdleMs, failfastSeconds.outbound]).toEqual([600_000, 3]);
    }
  });
});

describe('changes of families', () => {
  const { families } = findProfile('2.20');

  it('refuse a name that no family has', () => {
    expect(() => without('request_totl')(families)).toThrow('no family request_totl');
    expect(() => changed('x_*', () => ({}))(families)).toThrow('no family x_*');
    expect(() => inserted('x', [])(families)).toThrow('no family x');
  });

  it('keep what a renamed family is counted as, through several names', () => {
    const twice = named('second', 'third')(named('request_total', 'second')(families));
    expect(twice.find(({ name }) => name === 'third')?.countedAs).toBe('request_total');
  });

  it('take one of several, and anything, in a glob; all else literally', () => {
    const left = without('tcp_{open,close}_*')(families).map(({ name }) => name);
    expect(left).toContain('tcp_read_bytes_total');
    expect(left.filter((name) => /^tcp_(open|close)/.test(name))).toEqual([]);
    expect(left).toContain('inbound_tcp_errors_total');
  });
});
