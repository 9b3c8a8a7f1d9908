import { describe, expect, it } from 'vitest';
import type { Evidence } from '../../../../evidence/types.ts';
import { proxyVersions } from './label-of-another-version.ts';

const info = (instance: string, labels: Record<string, string>) => ({
  labels: { __name__: 'proxy_build_info', instance, ...labels },
  samples: [{ t: 1000, v: 1 }],
});

const evidence = (stored: Evidence['stored'], ...active: string[]) =>
  ({ stored, prometheus: { active: active.map((instance) => ({ labels: { instance } })) } }) as unknown as Evidence;

describe('the versions of the proxies that run', () => {
  const old = info('10.1.0.1:4191', { version: '2.268.0' });
  const young = info('10.1.0.2:4191', { version: '2.294.0' });

  it('are each said once', () => {
    expect(proxyVersions(evidence([young, old, young], '10.1.0.1:4191', '10.1.0.2:4191'))).toEqual([
      '2.268.0',
      '2.294.0',
    ]);
  });

  it('are not those of pods that a roll-out has taken away', () => {
    expect(proxyVersions(evidence([old, young], '10.1.0.2:4191', '10.1.0.3:4191'))).toEqual(['2.294.0']);
    expect(proxyVersions(evidence([old, young]))).toEqual(['2.268.0', '2.294.0']);
  });

  it('are not the labels of pods', () => {
    const labelled = info('10.1.0.1:4191', { version: 'blue', exported_version: '2.268.0' });
    const silent = info('10.1.0.2:4191', { version: 'blue', git_version: '4e1720430', rust_version: 'rustc 1.64.0' });
    expect(proxyVersions(evidence([labelled]))).toEqual(['2.268.0']);
    expect(proxyVersions(evidence([silent]))).toEqual(['2.188.0']);
  });
});
