import { describe, expect, it } from 'vitest';
import { findProfile, PROFILES } from './index.ts';

describe('findProfile', () => {
  it.each([
    ['2.20', 'v2.359.0'],
    ['v2.20', 'v2.359.0'],
    ['2.20.0', 'v2.359.0'],
    ['version-2.20', 'v2.359.0'],
    ['v2.359.0', 'v2.359.0'],
    ['2.366.0', 'v2.366.0'],
    ['V2.366.0', 'v2.366.0'],
    ['edge-26.8.3', 'v2.366.0'],
    [' Edge-26.8.3 ', 'v2.366.0'],
  ])('finds %j', (version, proxyVersion) => {
    expect(findProfile(version).proxyVersion).toBe(proxyVersion);
  });

  it.each(['2.2', '2.21', '', 'vedge-26.8.3', 'edge-26.8'])('refuses %j with the list of those it knows', (version) => {
    expect(() => findProfile(version)).toThrow(
      expect.objectContaining({
        code: 'UNKNOWN_MESH_VERSION',
        message: `no profile of mesh version "${version}"; known: edge-26.8.3 (proxy v2.366.0), 2.20 (proxy v2.359.0)`,
        exitCode: 2,
      }),
    );
  });
});

describe.each(PROFILES)('the profile of $proxyVersion', ({ families }) => {
  it('names each family once, legacy ones first', () => {
    const names = families.map((family) => family.name);
    expect(new Set(names).size).toBe(names.length);
    const encoders = families.map((family) => family.encoder);
    expect(encoders.indexOf('registry')).toBe(encoders.lastIndexOf('legacy') + 1);
  });

  it('is consistent: buckets of histograms, units in names, leaders before those they lead', () => {
    for (const [i, family] of families.entries()) {
      expect([family.name, family.buckets === null]).toEqual([family.name, family.kind !== 'histogram']);
      expect(family.buckets ?? []).toEqual((family.buckets ?? []).toSorted((a, b) => a - b));
      if (family.unit !== null) expect(family.name.endsWith(`_${family.unit}`)).toBe(true);
      if (family.headerWith !== null) {
        const leader = families.findIndex((other) => other.name === family.headerWith);
        expect([family.name, leader >= 0 && leader < i]).toEqual([family.name, true]);
      }
    }
  });
});
