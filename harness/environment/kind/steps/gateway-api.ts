import { HarnessError } from '../../../core/errors.ts';
import { type Kube, type KubernetesObject, LABELS } from '../../kubernetes/contract.ts';
import { isNotFound } from '../../kubernetes/errors.ts';
import type { StepContext } from '../contract.ts';
import { BUNDLE_VERSION, GROUP } from '../linkerd/gateway-api/definitions.ts';
import { findDefinitions, givenDefinitions } from '../linkerd/gateway-api/find.ts';

/** Applied after all others: when it is there, they are. */
const LAST = `httproutes.${GROUP}`;
const SHARED_LABELS = { [LABELS.managedBy]: 'meshproof', [LABELS.run]: 'shared' };
/** Without the schemas, which are long. */
const METADATA_ONLY = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';

/** What a test may put in the place of this machine. */
export interface Machine {
  env: NodeJS.ProcessEnv;
  fetch: typeof fetch;
}

/**
 * The Gateway API's CustomResourceDefinitions (standard channel), which Linkerd wants to find; nothing when the cluster has
 * them in this version.
 * @throws HarnessError GATEWAY_API_MISSING, APPLY_REFUSED, CLUSTER_UNREACHABLE
 */
export async function installGatewayApi(
  kube: Kube,
  context: StepContext,
  machine: Machine = { env: process.env, fetch },
): Promise<void> {
  const { signal } = context;
  const pin = context.versions.gatewayApi;
  const given = await givenDefinitions(machine.env);
  if ((await installedVersion(kube, signal)) === (given?.version ?? pin.version)) return;
  const found = given ?? (await findDefinitions(pin, { ...machine, signal }));
  context.note(`Gateway API ${found.version}: from ${found.source} (sha256 of the definitions: ${found.digest})`);
  const isLast = ({ metadata }: KubernetesObject) => metadata.name === LAST;
  const apply = (objects: KubernetesObject[]) => kube.apply(objects, { labels: SHARED_LABELS, signal });
  await apply(found.objects.filter((object) => !isLast(object)));
  await apply(found.objects.filter(isLast));
}

/** The same for a mesh that can do without them: then only scenarios that declare its routes can't be run. */
export async function tryGatewayApi(
  kube: Kube,
  context: StepContext,
  machine: Machine = { env: process.env, fetch },
): Promise<void> {
  try {
    await installGatewayApi(kube, context, machine);
  } catch (error) {
    if (!(error instanceof HarnessError) || error.code !== 'GATEWAY_API_MISSING') throw error;
    context.note(`no Gateway API, so scenarios with HTTPRoutes or GRPCRoutes are refused: ${error.message}`);
  }
}

async function installedVersion(kube: Kube, signal: AbortSignal): Promise<string | undefined> {
  const path = `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${LAST}`;
  try {
    const definition = await kube.request('GET', path, undefined, { accept: METADATA_ONLY, signal });
    return (definition as KubernetesObject).metadata.annotations?.[BUNDLE_VERSION];
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
