import { describe, expect, it } from 'vitest';
import type { MatrixSeries, PrometheusClient } from '../prometheus/client.ts';
import { readPrometheusLedger } from './prometheus.ts';

const TARGET = { job: 'linkerd-proxy', namespace: 'shop', pod: 'web-1', instance: '127.0.0.9:4191', app: 'web' };

/** Answers raw samples by name, or by `__name__=~`, as Prometheus would. */
function fakeClient(series: MatrixSeries[]) {
  const asked: { selector: string; rangeMs: number; atMs: number }[] = [];
  const client = {
    async rawSamples(selector: string, rangeMs: number, atMs: number): Promise<MatrixSeries[]> {
      asked.push({ selector, rangeMs, atMs });
      const pattern = /__name__=~"(.*)"/.exec(selector)?.[1] ?? /^(\w+)\{/.exec(selector)![1]!;
      return series.filter((s) => new RegExp(`^(?:${pattern})$`).test(s.labels.__name__!));
    },
  } as unknown as PrometheusClient;
  return { client, asked };
}

const series = (
  name: string,
  samples: [t: number, v: number][],
  labels: Record<string, string> = {},
): MatrixSeries => ({
  labels: { ...TARGET, ...labels, __name__: name },
  samples: samples.map(([t, v]) => ({ t, v })),
});

const WINDOW = { fromMs: 1000.4, untilMs: 5000.6, clockMarginMs: 2 };

describe('readPrometheusLedger', () => {
  it('gives each scrape the window in which its page was rendered', async () => {
    const { client, asked } = fakeClient([
      series('up', [
        [2000, 1],
        [3000, 0],
        [4000, 1],
      ]),
      series('scrape_duration_seconds', [
        [2000, 0.0125],
        [3000, 1],
        [4000, 0.004],
      ]),
      series('process_start_time_seconds', [
        [2000, 10.5],
        [4000, 20.5],
      ]),
    ]);
    const { targets } = await readPrometheusLedger(client, WINDOW);
    expect(targets).toEqual([
      {
        job: 'linkerd-proxy',
        namespace: 'shop',
        pod: 'web-1',
        instance: '127.0.0.9:4191',
        scrapes: [
          { t: 2000, fromMs: 1998, untilMs: 2000 + 3 + 12.5 + 2, ok: true, startTime: 10.5 },
          { t: 3000, fromMs: 2998, untilMs: 3000 + 3 + 1000 + 2, ok: false, startTime: null },
          { t: 4000, fromMs: 3998, untilMs: 4000 + 3 + 4 + 2, ok: true, startTime: 20.5 },
        ],
      },
    ]);
    // (at - range, at] holds both ends of the window.
    for (const { rangeMs, atMs } of asked) {
      expect(atMs).toBe(5001);
      expect(atMs - rangeMs).toBe(999);
    }
    expect(asked[0]!.selector).toBe('up{job="linkerd-proxy"}');
  });

  it('takes the labels of the target off, and keeps a restarted proxy in one series', async () => {
    const { client } = fakeClient([
      series('up', [
        [2000, 1],
        [3000, 1],
      ]),
      series(
        'response_latency_ms_bucket',
        [
          [2000, 7],
          [3000, 1],
        ],
        { le: '1', exported_app: 'own', tls: 'true' },
      ),
      series('response_total', [[3000, 1]], { tls: 'true' }),
    ]);
    expect((await readPrometheusLedger(client, WINDOW)).series).toEqual([
      { name: 'response_total', labels: { tls: 'true' }, target: 0, samples: [{ t: 3000, v: 1 }] },
      {
        name: 'response_latency_ms_bucket',
        labels: { le: '1.0', app: 'own', tls: 'true' },
        target: 0,
        samples: [
          { t: 2000, v: 7 },
          { t: 3000, v: 1 },
        ],
      },
    ]);
  });

  it('leaves out samples of a scrape that was stored only while it read', async () => {
    const { client } = fakeClient([
      series('up', [[2000, 1]]),
      series(
        'request_total',
        [
          [2000, 7],
          [3000, 8],
        ],
        { tls: 'true' },
      ),
      series('request_total', [[3000, 8]], { tls: 'false' }),
      series('request_total', [[2000, 8]], { pod: 'unknown' }),
    ]);
    const ledger = await readPrometheusLedger(client, WINDOW);
    expect(ledger.series).toEqual([
      { name: 'request_total', labels: { tls: 'true' }, target: 0, samples: [{ t: 2000, v: 7 }] },
    ]);
  });

  it('knows the version of the proxy behind each scrape, whatever label of the pod stands before it', async () => {
    const { client } = fakeClient([
      {
        ...series('up', [], {}),
        samples: [2000, 3000, 4000].map((t) => ({ t, v: 1 })),
        labels: { ...TARGET, version: 'blue', __name__: 'up' },
      },
      series('proxy_build_info', [[2000, 1]], { version: 'blue', exported_version: '2.268.0' }),
      series('proxy_build_info', [[4000, 1]], { version: 'blue', exported_version: '2.294.0' }),
    ]);
    const [target] = (await readPrometheusLedger(client, WINDOW)).targets;
    expect(target!.scrapes.map((s) => s.version)).toEqual(['2.268.0', undefined, '2.294.0']);
  });

  it('knows no target without any scrape', async () => {
    expect(await readPrometheusLedger(fakeClient([]).client, WINDOW)).toEqual({
      source: 'prometheus',
      targets: [],
      series: [],
    });
  });
});
