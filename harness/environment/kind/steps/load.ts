import { LOAD_WORKLOAD, type Scenario } from '../../../scenario/model.ts';
import type { Kube, PodObject } from '../../kubernetes/contract.ts';
import { waitForPods } from '../../kubernetes/ready.ts';
import type { Images } from '../contract.ts';
import { loadObjects } from '../manifests/load.ts';
import { type DeployContext, deploy } from './deploy.ts';

const READY_MS = 90_000;

/** The load generator's pod, ready to be given a job. @throws what `deploy` and `waitForPods` throw */
export async function deployLoad(
  kube: Kube,
  scenario: Scenario,
  images: Pick<Images, 'load'>,
  context: DeployContext,
): Promise<PodObject> {
  const { namespace } = LOAD_WORKLOAD;
  await deploy(kube, [namespace], loadObjects(scenario, images, context.mesh.kind), context);
  const [pod] = await waitForPods(kube, {
    what: 'the load generator',
    select: { namespace },
    expected: 1,
    deadlineMs: READY_MS,
    signal: context.signal,
    check: context.check,
  });
  return pod!;
}
