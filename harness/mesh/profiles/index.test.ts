import { describe, expect, it } from 'vitest';
import { findProfile, PROFILES, takenAs } from './index.ts';

describe('findProfile', () => {
  it.each([
    ['2.20', 'v2.359.0'],
    ['v2.20', 'v2.359.0'],
    ['2.20.0', 'v2.359.0'],
    ['version-2.20', 'v2.359.0'],
    ['v2.359.0', 'v2.359.0'],
    ['2.19', 'v2.326.0'],
    ['version-2.18', 'v2.294.0'],
    ['2.17', 'v2.268.0'],
    ['2.16', 'v2.246.0'],
    ['v2.221.0', 'v2.221.0'],
    ['stable-2.14.10', 'v2.210.4'],
    ['stable-2.14', 'v2.210.4'],
    ['2.14', 'v2.210.4'],
    ['stable-2.12.6', 'v2.188.0'],
    ['2.12.6', 'v2.188.0'],
    ['2.12', 'v2.188.0'],
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
        message: `no profile of mesh version "${version}"; known: ${[
          'edge-26.8.3 (proxy v2.366.0)',
          '2.20 (proxy v2.359.0)',
          '2.19 (proxy v2.326.0)',
          '2.18 (proxy v2.294.0)',
          '2.17 (proxy v2.268.0)',
          '2.16 (proxy v2.246.0)',
          '2.15 (proxy v2.221.0)',
          '2.14 (proxy v2.210.4)',
          '2.12 (proxy v2.188.0)',
        ].join(', ')}`,
        exitCode: 2,
      }),
    );
  });
});

describe('a patch release', () => {
  it.each([
    ['2.18.1', '2.18'],
    ['stable-2.14.9', '2.14'],
    ['v2.12.3', '2.12'],
    ['version-2.20.4', '2.20'],
    [' Stable-2.14.7 ', '2.14'],
  ])('%j is taken as %s, and that is said', (version, minor) => {
    const profile = findProfile(version);
    expect(profile).toBe(findProfile(minor));
    expect(takenAs(version)).toBe(
      `${version} is taken as ${minor} (proxy ${profile.proxyVersion}): patch releases have no profile of their own`,
    );
  });

  it.each(['2.18', 'stable-2.14.10', '2.12.6', 'v2.294.0', 'edge-26.8.3'])('%j has its own', (version) => {
    expect(takenAs(version)).toBe('');
  });

  it.each(['2.13.4', '2.2.1', 'v2.294.1', '2.18.1-rc', 'edge-2.18.1'])('%j is of none that is known', (version) => {
    expect(() => findProfile(version)).toThrow(expect.objectContaining({ code: 'UNKNOWN_MESH_VERSION' }));
    expect(() => takenAs(version)).toThrow(expect.objectContaining({ code: 'UNKNOWN_MESH_VERSION' }));
  });
});

describe('the suggestion of findProfile', () => {
  const KIND = ', which is nearest; a release itself is run with --environment kind';

  it.each([
    ['2.13', '2.12', '2.14'],
    ['stable-2.13.4', '2.12', '2.14'],
    ['2.21', '2.20', 'edge-26.8.3'],
    ['v2.300.0', '2.18', '2.19'],
    ['edge-26.8.1', '2.20', 'edge-26.8.3'],
    ['edge-25.4.2', '2.17', '2.18'],
    ['edge-25.5.1', '2.18', '2.19'],
  ])('for %j it is %j and %j', (version, before, after) => {
    const hint = `write ${before} or ${after}${KIND}`;
    expect(() => findProfile(version)).toThrow(expect.objectContaining({ hint }));
  });

  it.each([
    ['2.11', '2.12'],
    ['2.400.0', 'edge-26.8.3'],
    ['edge-26.8.4', 'edge-26.8.3'],
    ['edge-22.11.1', '2.12'],
  ])('for %j it is %j', (version, nearest) => {
    const hint = `write ${nearest}${KIND}`;
    expect(() => findProfile(version)).toThrow(expect.objectContaining({ hint }));
  });

  it.each(['', 'latest', 'edge', '3.1'])('has none for %j', (version) => {
    const hint = 'name a Linkerd release or a proxy version of that list';
    expect(() => findProfile(version)).toThrow(expect.objectContaining({ hint }));
  });
});

describe.each(PROFILES)('the profile of $proxyVersion', ({ families, behaviour }) => {
  it('names each family once, legacy ones first', () => {
    const names = families.map((family) => family.name);
    expect(new Set(names).size).toBe(names.length);
    const encoders = families.map((family) => family.encoder);
    const end = encoders.lastIndexOf('legacy') + 1;
    expect(encoders.indexOf('registry')).toBe(behaviour.registry ? end : -1);
    expect(end === families.length).toBe(!behaviour.registry);
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
