import type { EvidencePod, ScrapeJob } from '../../../../evidence/types.ts';
import { type Context, contextOf } from '../../context/index.ts';
import { ADMIN_PORT_NAME, CONTROL_PLANE_LABEL, PROXY_CONTAINER, type ProxyPod } from '../../context/proxies.ts';
import type { Finding, Rule } from '../../types.ts';
import { type Dropped, dropsOnceLabelled, isTaken, type Trait, whyDropsProxy } from './traits.ts';

/** Names by which jobs know a proxy (telemetry facts, section 4), where a pod has others. */
export const NAMES_OF_PROXIES: Rule = {
  causes: ['admin-port-renamed', 'container-renamed', 'control-plane-label-wrong'],
  needs: ['pods', 'scrape configuration', 'targets'],
  diagnose({ evidence }) {
    const context = contextOf(evidence);
    return context.proxies.flatMap((proxy) => {
      if (isTaken(context, proxy)) return [];
      const dropped = context.proxyJobs.flatMap(
        (job) => whyDropsProxy(context, job, proxy) ?? byAccident(context, job, proxy),
      );
      return dropped.flatMap((one) => [...one.traits.keys()].flatMap((trait) => findingOf(context, proxy, one, trait)));
    });
  },
};

/** A rule that asks for the wrong label takes a pod that has it. */
function byAccident(context: Context, job: ScrapeJob, proxy: ProxyPod): Dropped[] {
  const by = dropsOnceLabelled(context, job, proxy);
  return by === null ? [] : [{ job, traits: new Map([['label', by]]), wantedNamespace: '' }];
}

function findingOf(context: Context, proxy: ProxyPod, dropped: Dropped, trait: Trait): Finding[] {
  const { id, container, pod, adminPort } = proxy;
  const by = dropped.traits.get(trait)!;
  const rule = `Prometheus' job ${dropped.job.name}, relabel rule ${by.index + 1}: keep ${by.rule.regex}`;
  const of = { pods: [id], subject: '' };
  if (trait === 'port') {
    const name = portName(proxy);
    return [
      {
        ...of,
        causes: ['admin-port-renamed'],
        summary: `The admin port of ${id} is called ${quoted(name)}, not ${ADMIN_PORT_NAME}, so no job finds it.`,
        evidence: [`Pod ${id}: container ${container.name}, port ${adminPort} has the name ${quoted(name)}`, rule],
      },
    ];
  }
  if (trait === 'container') {
    return [
      {
        ...of,
        causes: ['container-renamed'],
        summary: `The proxy's container of ${id} is called ${container.name}, not ${PROXY_CONTAINER}, so no job finds it.`,
        evidence: [`Pod ${id}: the container that has the proxy's settings is called ${container.name}`, rule],
      },
    ];
  }
  if (trait !== 'label') return [];
  const value = pod.metadata.labels?.[CONTROL_PLANE_LABEL] ?? '';
  const right = context.evidence.controlPlaneNamespace;
  // As it should be: then it is the rule that asks for another. And a pod of another mesh is none of this one's.
  if (value === right || isControlPlane(context.evidence.cluster.pods, value)) return [];
  const has = value === '' ? 'lacks the label' : 'has the label';
  return [
    {
      ...of,
      causes: ['control-plane-label-wrong'],
      summary: `${id} ${has} ${CONTROL_PLANE_LABEL}${value === '' ? '' : `=${value}`}, where the control plane is in ${right}.`,
      evidence: [
        `Pod ${id}: ${value === '' ? `no label ${CONTROL_PLANE_LABEL}` : `${CONTROL_PLANE_LABEL}=${value}`}`,
        `Pods of the control plane are in namespace ${right}`,
        rule,
      ],
      remedy: [
        `\`kubectl -n ${proxy.namespace} label pod ${pod.metadata.name} ${CONTROL_PLANE_LABEL}=${right} --overwrite\` brings the target back at once.`,
        'For good: let the injector set it when the pods are made anew (`kubectl rollout restart`), and let nobody else manage labels that begin with linkerd.io/.',
      ],
    },
  ];
}

/** Whether a control plane runs in a namespace. */
export function isControlPlane(pods: readonly EvidencePod[] | null, namespace: string): boolean {
  return (pods ?? []).some(
    ({ metadata }) =>
      metadata.namespace === namespace && metadata.labels?.['linkerd.io/control-plane-component'] !== undefined,
  );
}

export function portName({ container, adminPort }: ProxyPod): string {
  return container.ports?.find(({ containerPort }) => containerPort === adminPort)?.name ?? '';
}

const quoted = (name: string) => (name === '' ? 'nothing' : name);
