import { HarnessError } from '../../../core/errors.ts';
import type { Kube, KubernetesObject } from '../contract.ts';

/** An image on the cluster's nodes that has Node.js: one of those that meshproof loads. */
export async function imageWithNode(kube: Kube): Promise<string> {
  const given = process.env.MESHPROOF_TEST_IMAGE;
  if (given) return given;
  const nodes = await kube.list<KubernetesObject & { status: { images?: { names?: string[] }[] } }>({
    ...{ apiVersion: 'v1', kind: 'Node' },
  });
  const names = nodes.flatMap(({ status }) => (status.images ?? []).flatMap((image) => image.names ?? []));
  const found = names.find((name) => /\bmeshproof\/(?:node|service|proxy|load):/.test(name));
  if (found) return found;
  throw new HarnessError('TEST_IMAGE', 'no node of the test cluster has an image with Node.js', {
    hint: 'load one with `kind load docker-image` and name it in MESHPROOF_TEST_IMAGE',
  });
}

/** A pod that runs one container, and the account it needs. */
export function podWith(namespace: string, name: string, container: object): KubernetesObject[] {
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'test', namespace } },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace },
      spec: {
        serviceAccountName: 'test',
        terminationGracePeriodSeconds: 0,
        containers: [{ name: 'app', imagePullPolicy: 'Never', ...container }],
      },
    },
  ];
}
