import type { ScrapeJob } from '../../../../evidence/types.ts';
import { type Context, contextOf, listed, takes } from '../../context/index.ts';
import { CONTROL_PLANE_LABEL, type ProxyPod, proxyRuns } from '../../context/proxies.ts';
import { targetsOf } from '../../context/targets.ts';
import type { Finding, Rule } from '../../types.ts';
import { isControlPlane } from './names.ts';
import { type Dropped, dropsOnceLabelled, isTaken, type Trait, whyDropsProxy } from './traits.ts';

/** What a job asks for that injected pods do not have. The pods are as they should be. */
export const FILTERS_OF_JOBS: Rule = {
  causes: ['annotation-scrape-config', 'keep-rule-keeps-nothing', 'native-sidecars-filtered-out'],
  needs: ['pods', 'scrape configuration', 'targets', 'pages'],
  diagnose({ evidence }) {
    const context = contextOf(evidence);
    const missing = context.proxies.filter((proxy) => !isTaken(context, proxy));
    if (missing.length === 0) return [];
    return context.proxyJobs.flatMap((job) => {
      const dropped = missing.flatMap((proxy) => {
        const why = whyDropsProxy(context, job, proxy);
        return why === null ? [] : [{ proxy, why }];
      });
      return [
        ...annotations(job, dropped),
        ...keepRule(context, job, dropped),
        ...sidecars(context, job, dropped),
        ...(missing.length === context.proxies.length ? keepsNothingElse(context, job) : []),
      ];
    });
  },
};

type DroppedProxy = { proxy: ProxyPod; why: Dropped };

function having(dropped: readonly DroppedProxy[], trait: Trait): DroppedProxy[] {
  return dropped.filter(({ why }) => why.traits.has(trait));
}

function ids(dropped: readonly DroppedProxy[]): string[] {
  return dropped.map(({ proxy }) => proxy.id);
}

function annotations(job: ScrapeJob, dropped: readonly DroppedProxy[]): Finding[] {
  const lacking = having(dropped, 'annotation');
  const [first] = lacking;
  if (first === undefined) return [];
  const { rule, index } = first.why.traits.get('annotation')!;
  const name = rule.sourceLabels.find((label) => label.includes('_annotation')) ?? '';
  return [
    {
      causes: ['annotation-scrape-config'],
      pods: ids(lacking),
      subject: job.name,
      summary: `Job ${job.name} keeps pods by an annotation that ${lacking.length} injected ${pods(lacking)} not have.`,
      evidence: [
        `Prometheus' job ${job.name}, relabel rule ${index + 1}: keep ${name} matching ${rule.regex}`,
        `Pods without that value: ${listed(ids(lacking), 5)}`,
      ],
    },
  ];
}

function keepRule(context: Context, job: ScrapeJob, dropped: readonly DroppedProxy[]): Finding[] {
  const right = context.evidence.controlPlaneNamespace;
  const refused = having(dropped, 'label').filter(({ why }) => why.wantedNamespace !== right);
  const [first] = refused;
  if (first === undefined) return [];
  const wanted = first.why.wantedNamespace;
  // The job of another mesh in the same cluster, or one that does find proxies.
  if (isControlPlane(context.evidence.cluster.pods, wanted)) return [];
  const taken = context.proxies.filter((proxy) => takes(context, job, proxy));
  const accidents = taken.filter((proxy) => dropsOnceLabelled(context, job, proxy) !== null);
  if (taken.length > accidents.length) return [];
  const { index, rule } = first.why.traits.get('label')!;
  return [
    {
      causes: ['keep-rule-keeps-nothing'],
      pods: [...ids(refused), ...accidents.map(({ id }) => id)],
      subject: job.name,
      summary: `Job ${job.name} keeps only pods of ${wanted === '' ? 'an empty control-plane namespace' : `the control plane in ${wanted}`}, but the control plane is in ${right}.`,
      evidence: [
        `Prometheus' job ${job.name}, relabel rule ${index + 1}: keep ${rule.sourceLabels.join(';')} matching ${rule.regex}`,
        `Injected pods have ${CONTROL_PLANE_LABEL}=${right}: ${listed(ids(refused), 5)}`,
      ],
      remedy: [
        `In job ${job.name}, let relabel rule ${index + 1} keep \`^linkerd-proxy;linkerd-admin;${right}$\`.`,
        `For linkerd-viz: \`linkerd viz install --set linkerdNamespace=${right} | kubectl apply -f -\`.`,
      ],
    },
  ];
}

function sidecars(context: Context, job: ScrapeJob, dropped: readonly DroppedProxy[]): Finding[] {
  const filtered = [
    ...having(dropped, 'init').filter(({ proxy }) => proxy.isInit),
    // Of a pod whose proxy has not started either there is nothing to miss.
    ...having(dropped, 'phase').filter(({ proxy }) => proxy.pod.status.phase === 'Pending' && isUp(context, proxy)),
  ];
  const [first] = filtered;
  if (first === undefined) return [];
  const { index, rule } = first.why.traits.get('init') ?? first.why.traits.get('phase')!;
  const concerned = [...new Set(ids(filtered))];
  return [
    {
      causes: ['native-sidecars-filtered-out'],
      pods: concerned,
      subject: job.name,
      summary: `Job ${job.name} drops proxies that run as native sidecars: ${listed(concerned)}.`,
      evidence: [
        `Prometheus' job ${job.name}, relabel rule ${index + 1}: ${rule.action} ${rule.sourceLabels.join(';')} matching ${rule.regex}`,
        ...filtered.slice(0, 5).map(({ proxy }) => describeSidecar(proxy)),
      ],
    },
  ];
}

function isUp(context: Context, proxy: ProxyPod): boolean {
  return proxyRuns(proxy) ?? context.pages.get(proxy.id)?.outcome === 'ok';
}

function describeSidecar({ id, pod, container, isInit }: ProxyPod): string {
  const where = isInit ? 'initContainers' : 'containers';
  return `Pod ${id}: ${container.name} runs in ${where}, the pod is ${pod.status.phase}`;
}

/** A keep rule that drops every proxy, though each has the names that the injector gives, for a reason of its own. */
function keepsNothingElse(context: Context, job: ScrapeJob): Finding[] {
  const looked = context.proxies.flatMap((proxy) => {
    const admin = targetsOf(job, proxy.pod).find((t) => t.discovered.__address__ === proxy.adminAddress);
    return admin === undefined ? [] : [{ proxy, admin }];
  });
  if (looked.length === 0) return [];
  const unexplained = looked.flatMap(({ proxy, admin }) =>
    admin.outcome === 'dropped' && admin.by.rule.action === 'keep' && whyDropsProxy(context, job, proxy) === null
      ? [{ proxy, by: admin.by }]
      : [],
  );
  const [first] = unexplained;
  if (first === undefined || unexplained.length < looked.length) return [];
  const concerned = unexplained.map(({ proxy }) => proxy.id);
  return [
    {
      causes: ['keep-rule-keeps-nothing'],
      pods: concerned,
      subject: job.name,
      summary: `Relabel rule ${first.by.index + 1} of job ${job.name} keeps no proxy at all.`,
      evidence: [
        `Prometheus' job ${job.name}, relabel rule ${first.by.index + 1}: keep ${first.by.rule.sourceLabels.join(';')} matching ${first.by.rule.regex}`,
        `What it sees of ${first.proxy.id}: ${JSON.stringify(first.by.value)}`,
      ],
      remedy: [
        `In job ${job.name}, take out relabel rule ${first.by.index + 1}, or let it keep the proxies: it sees ${JSON.stringify(first.by.value)} of ${first.proxy.id}.`,
      ],
    },
  ];
}

function pods(dropped: readonly unknown[]): string {
  return dropped.length === 1 ? 'pod does' : 'pods do';
}
