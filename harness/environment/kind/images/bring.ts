import type { Cluster, StepContext } from '../contract.ts';
import { canonical, imagesOf, loadIntoNodes } from './nodes.ts';
import { imageMissing, storedOrPulled } from './store.ts';

/** A registry that is far away takes its time; one that is not there says so at once, most of them. */
const NODE_PULL_MS = 5 * 60_000;

/**
 * Has images in all nodes: those that lack one get it from Docker's store (pulled first, through the mirror if there is one),
 * else pull it themselves, which may reach a registry by another way.
 * @throws HarnessError IMAGE_MISSING naming the image, what was tried, and how to bring it; IMAGE_LOAD_FAILED
 */
export async function bringImages(names: readonly string[], cluster: Cluster, context: StepContext): Promise<void> {
  if (names.length === 0) return;
  const there = await Promise.all(cluster.nodes.map((node) => imagesOf(node, context)));
  const lacking = names.filter((name) => !there.every((images) => images.has(canonical(name))));
  const outcomes = await Promise.all(
    lacking.map(async (name) => ({ name, found: await storedOrPulled(name, context) })),
  );
  await loadIntoNodes(
    outcomes.flatMap(({ found }) => found.image?.name ?? []),
    cluster,
    context,
  );
  for (const { name, found } of outcomes) {
    if (found.image === null) await pullOnNodes(name, found.reason, cluster, context);
  }
}

async function pullOnNodes(name: string, reason: string, cluster: Cluster, context: StepContext): Promise<void> {
  const { docker, signal, options } = context;
  for (const node of cluster.nodes) {
    const output = await docker.run(['exec', node, 'crictl', 'pull', name], { deadlineMs: NODE_PULL_MS, signal });
    if (output.code === 0) continue;
    const said = (output.error?.message ?? output.stderr).trim().split('\n').at(-1) ?? '';
    const mirror = options.registryMirror ? ` through ${options.registryMirror}` : '';
    throw imageMissing(
      name,
      [`Docker's local store: not there`, `pulling it${mirror}: ${reason}`, `pulling it on the node ${node}: ${said}`],
      `docker pull ${name} where a registry is reached (then docker save and docker load bring it here), or name a mirror ` +
        'with --registry-mirror',
    );
  }
}
