import { describe, expect, it } from 'vitest';
import { changesBetween, type VersionSteps } from '../../changes/index.ts';
import type { MeshSchema } from '../types.ts';
import { notableReasons } from './notable.ts';

const during = (duplicates: string): MeshSchema => ({
  ...{ families: [], targets: [], seriesPerProxy: 0, bytesPerScrape: 0, page: { duplicates } },
});
const schema = { changes: [], seriesPerProxy: { before: 0, after: 0 }, bytesPerScrape: { before: 0, after: 0 } };
const notable = (steps: VersionSteps, mixed: MeshSchema[] = []) =>
  notableReasons({ changes: changesBetween(steps), schema, during: mixed }).map(
    ({ text, remedy }) => `${text} | ${remedy}`,
  );

describe('what is worth knowing before a step', () => {
  it('2.17 to 2.18: the same series twice while versions are mixed, as known and as seen', () => {
    const step = { proxy: { from: '2.268.0', to: '2.294.0' } };
    expect(notable(step)).toEqual([
      expect.stringMatching(
        /^while versions are mixed, a proxy that saw both direct and transport-header connections .* from proxy v2\.286 .* \| take proxy v2\.306/,
      ),
    ]);
    expect(notable(step, [during(''), during('tcp_open_total, request_total')])).toEqual([
      expect.stringMatching(
        /^during the roll-out, proxies had the same series twice on a page \(request_total, tcp_open_total\): a proxy that saw both direct/,
      ),
    ]);
    expect(notable({ proxy: { from: '2.294.0', to: '2.326.0' } })).toEqual([]);
    expect(notable({ proxy: { from: '2.268.0', to: '2.326.0' } })).toEqual([]);
  });

  it('2.16: certificates of which alerts fall silent', () => {
    expect(notable({ proxy: { from: '2.221.0', to: '2.246.0' } })).toEqual([
      expect.stringMatching(
        /^an alert on identity_cert_expiration_timestamp_seconds, .* does not fire after this, it is silent: .* since proxy v2\.227 \(Linkerd 2\.16\) \| ask for both/,
      ),
    ]);
  });

  it('2.20: native sidecars', () => {
    expect(notable({ linkerd: { from: '2.19', to: '2.20' } })).toEqual([
      expect.stringMatching(
        /^proxies are native sidecars since Linkerd 2\.20.* \| rules that keep __meta_kubernetes_pod_container_init/,
      ),
    ]);
  });

  it('Prometheus 2 to 3', () => {
    const [text] = notable({ prometheus: { from: '2.42.0', to: '3.15.0' } });
    expect(text).toMatch(
      /as floats since Prometheus 3\.0.*open on the left.*holt_winters.*\| write whole bounds as 1\.0/,
    );
  });

  it('nothing else', () => {
    expect(
      notable({ proxy: { from: '2.359.0', to: '2.366.0' }, linkerd: { from: '2.20', to: 'edge-26.8.3' } }),
    ).toEqual([]);
  });
});
