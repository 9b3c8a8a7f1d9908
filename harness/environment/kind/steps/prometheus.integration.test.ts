import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import type { PodObject } from '../../kubernetes/contract.ts';
import { PaperKube } from '../testing/kube.ts';
import { firstScrapes } from './prometheus.ts';

const pod = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'prometheus-0', namespace: 'linkerd-viz' },
  spec: { containers: [] },
  status: {},
} satisfies PodObject;

/** A Prometheus that knows these targets. */
async function prometheusWith(activeTargets: object[]) {
  const server = createServer((_, response) =>
    response.end(JSON.stringify({ status: 'success', data: { activeTargets, droppedTargets: [] } })),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    [Symbol.asyncDispose]: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function kubeWithLog(log: string): PaperKube {
  const kube = new PaperKube();
  kube.texts.set('/api/v1/namespaces/linkerd-viz/pods/prometheus-0/log', log);
  return kube;
}

const FORBIDDEN =
  'level=ERROR msg="Failed to watch" err="failed to list *v1.Pod: pods is forbidden: User \\"system:serviceaccount:linkerd-viz:prometheus\\" cannot list resource \\"pods\\""';
const wanted = { instances: ['10.244.0.5:4191'], scrapeIntervalMs: 1000 };

it('a Prometheus that may not look for pods is told from one that has not found them yet', async () => {
  await using prometheus = await prometheusWith([]);
  const kube = kubeWithLog(`level=INFO msg="starting"\n${FORBIDDEN}\nlevel=INFO msg="more"\n`);
  const waiting = firstScrapes(kube, { ...prometheus, pod }, wanted);
  await expect(waiting).rejects.toMatchObject({
    code: 'PROMETHEUS_FORBIDDEN',
    message: expect.stringContaining('pods is forbidden: User'),
    hint: expect.stringContaining('linkerd-linkerd-viz-prometheus'),
  });
});

it('a log that forbids other things does not matter where sidecars are found', async () => {
  await using prometheus = await prometheusWith([
    { scrapePool: 'linkerd-proxy', labels: { job: 'linkerd-proxy', instance: '10.244.0.5:4191' }, health: 'up' },
  ]);
  await firstScrapes(kubeWithLog(FORBIDDEN), { ...prometheus, pod }, wanted);
});
