import { describe, expect, it } from 'vitest';
import { ApiError } from './errors.ts';
import { kubeletUsage, parseResourceMetrics } from './usage.ts';

/** As a kubelet of 1.34 writes it. */
const PAGE = `# HELP container_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the container in core-seconds
# TYPE container_cpu_usage_seconds_total counter
container_cpu_usage_seconds_total{container="app",namespace="shop",pod="web-1"} 0.563409533 1795430453991
container_cpu_usage_seconds_total{container="linkerd-proxy",namespace="shop",pod="web-1"} 0.786066585 1795430450015
container_cpu_usage_seconds_total{container="young",namespace="shop",pod="web-2"} 0.1 1795430450015
# HELP container_memory_working_set_bytes [STABLE] Current working set of the container in bytes
# TYPE container_memory_working_set_bytes gauge
container_memory_working_set_bytes{container="app",namespace="shop",pod="web-1"} 3.248128e+07 1795430453991
container_memory_working_set_bytes{container="linkerd-proxy",namespace="shop",pod="web-1"} 4.6698496e+07 1795430450015
# HELP container_start_time_seconds [STABLE] Start time of the container since unix epoch in seconds
# TYPE container_start_time_seconds gauge
container_start_time_seconds{container="app",namespace="shop",pod="web-1"} 1.7954303339e+09
# HELP node_cpu_usage_seconds_total [STABLE] Cumulative cpu time consumed by the node in core-seconds
# TYPE node_cpu_usage_seconds_total counter
node_cpu_usage_seconds_total 66.24 1795430455000
`;

const at = (pod: string, container: string) => ({ namespace: 'shop', pod, container });

describe('parseResourceMetrics', () => {
  it('has both quantities of a container, with the moment at which they were', () => {
    expect(parseResourceMetrics(PAGE)).toEqual([
      { ...at('web-1', 'app'), atMs: 1795430453991, cpuSeconds: 0.563409533, residentBytes: 32481280 },
      { ...at('web-1', 'linkerd-proxy'), atMs: 1795430450015, cpuSeconds: 0.786066585, residentBytes: 46698496 },
    ]);
  });
});

describe('kubeletUsage', () => {
  it('asks each kubelet through the API server', async () => {
    const asked: string[] = [];
    const request = async (method: string, path: string) => {
      asked.push(`${method} ${path}`);
      return PAGE.replaceAll('web-1', `on-${asked.length}`);
    };
    const usage = await kubeletUsage({ request }, ['a', 'b']);
    expect(asked).toEqual(['a', 'b'].map((node) => `GET /api/v1/nodes/${node}/proxy/metrics/resource`));
    expect(usage.map(({ pod }) => pod)).toEqual(['on-1', 'on-1', 'on-2', 'on-2']);
  });

  it.each([
    [
      403,
      'nodes "a" is forbidden',
      'USAGE_FORBIDDEN',
      'what containers on a have used may not be read: nodes "a" is forbidden',
    ],
    [503, 'no endpoints', 'USAGE_NOT_READ', 'what containers on a have used can not be read: no endpoints'],
  ])('says why it has none: %i', async (status, said, code, message) => {
    const request = async () => {
      throw new ApiError('GET /x', status, said);
    };
    await expect(kubeletUsage({ request }, ['a'])).rejects.toMatchObject({ code, message, exitCode: 4 });
  });
});
