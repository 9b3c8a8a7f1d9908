import { waitFor } from '../../../core/wait.ts';
import type { Kube, KubernetesObject } from '../../kubernetes/contract.ts';
import { nameOf, refOf } from '../../kubernetes/discovery.ts';

const DEADLINE_MS = 30_000;
const EVERY_MS = 200;
/** Said of an HTTPRoute where a GRPCRoute has the same parent, and so goes before it: an answer like any other. */
const OVERRULED = 'RouteReasonConflicted';
/** Kinds of which Linkerd writes down whether it takes them, and which count from then on. */
const ANSWERED = new Set(['HTTPRoute', 'GRPCRoute', 'HTTPLocalRateLimitPolicy']);

interface Answered extends KubernetesObject {
  status?: { conditions?: Condition[]; parents?: { conditions?: Condition[] }[] };
}
interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
}

/**
 * Waits until the real control plane has judged every route and limit, and accepted it: until then its proxies know nothing of them.
 * @throws DeadlineExceededError naming those that were not, and why
 */
export async function waitUntilAccepted(
  kube: Kube,
  objects: readonly KubernetesObject[],
  options: { signal?: AbortSignal; check?: () => void; deadlineMs?: number },
): Promise<void> {
  const asked = objects.filter(({ kind }) => ANSWERED.has(kind)).map(refOf);
  if (asked.length === 0) return;
  await waitFor(
    async (seen) => {
      const found = await Promise.all(asked.map((ref) => kube.get<Answered>(ref)));
      const open = asked.flatMap((ref, i) => {
        const why = refusal(found[i] ?? null);
        return why === null ? [] : [`${nameOf(ref)}: ${why}`];
      });
      seen(open.join('; '));
      return open.length === 0 ? true : undefined;
    },
    {
      what: 'Linkerd has accepted the routes and policies of the scenario',
      deadlineMs: options.deadlineMs ?? DEADLINE_MS,
      everyMs: EVERY_MS,
      hint: 'kubectl get httproutes,grpcroutes,servers -A -o yaml says more; does each name a Service, a port or a Server that is there?',
      signal: options.signal,
      check: options.check,
    },
  );
}

/** Why it does not count yet; null when it does. */
function refusal(object: Answered | null): string | null {
  const { conditions = [], parents = [] } = object?.status ?? {};
  const accepted = [...conditions, ...parents.flatMap((parent) => parent.conditions ?? [])].filter(
    ({ type }) => type === 'Accepted',
  );
  if (accepted.length === 0) return 'no answer yet';
  const refused = accepted.find(({ status, reason }) => status !== 'True' && reason !== OVERRULED);
  return refused ? `${refused.reason ?? 'refused'} ${refused.message ?? ''}`.trim() : null;
}
