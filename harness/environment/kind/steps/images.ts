import type { Cluster, Images, StepContext } from '../contract.ts';
import { baseWithNode, findBase } from '../images/base.ts';
import { bundle } from '../images/bundle.ts';
import { meshImages } from '../images/mesh.ts';
import { loadIntoNodes } from '../images/nodes.ts';
import { loadImage, proxyImage, serviceImage } from '../images/own.ts';
import { takeTool } from '../images/taken.ts';

/** Images in Docker's store. */
export interface PreparedImages {
  images: Images;
  /** Everything that the nodes are to have, the real mesh's images included. */
  names: string[];
}

/** Brings those images into the cluster's nodes that they lack. @throws HarnessError IMAGE_LOAD_FAILED */
export async function loadImages(prepared: PreparedImages, cluster: Cluster, context: StepContext): Promise<void> {
  await loadIntoNodes(prepared.names, cluster, context);
}

/**
 * Has every image that a run needs; it needs no cluster, so that it may go on while one is made. Built: the synthetic
 * services, the load generator, and the simulated mesh's. Taken: Prometheus, k6, and the real mesh's.
 * @throws HarnessError IMAGE_MISSING, IMAGE_BUILD_FAILED
 */
export async function prepareImages(context: StepContext): Promise<PreparedImages> {
  const simulated = context.options.mesh === 'simulated';
  const base = findBase(context);
  const [programs, node, prometheus, k6, mesh] = await allEnded([
    bundle(['service', 'agent', 'page-reader', ...(simulated ? (['sidecar', 'await', 'control-plane'] as const) : [])]),
    base.then((found) => baseWithNode(found, context)),
    takeTool('prometheus', base, context),
    takeTool('k6', base, context),
    meshImages(context),
  ]);
  const [service, proxy, load] = await allEnded([
    serviceImage(node, programs, context),
    simulated ? proxyImage(node, programs, context) : '',
    loadImage(node, programs, k6, context),
  ]);
  return {
    images: { service, proxy, load, prometheus },
    names: [service, proxy, load, prometheus, ...mesh].filter((name) => name !== ''),
  };
}

/** All of them; when one fails the others end before it is thrown, so that nothing goes on behind the cleaning up. */
async function allEnded<T extends readonly unknown[]>(
  work: readonly [...{ [K in keyof T]: Promise<T[K]> | T[K] }],
): Promise<T> {
  await Promise.allSettled(work);
  return Promise.all(work) as unknown as Promise<T>;
}
