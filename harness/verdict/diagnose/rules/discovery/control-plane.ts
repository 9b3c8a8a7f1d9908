import type { EvidencePod, ScrapeJob } from '../../../../evidence/types.ts';
import { type Context, contextOf, listed } from '../../context/index.ts';
import { PORT_NAME } from '../../context/jobs.ts';
import { podId, proxyContainer } from '../../context/proxies.ts';
import { isCurrent, keptTargets, targetsOf } from '../../context/targets.ts';
import type { Finding, Rule } from '../../types.ts';

/** The control plane's own admin ports: called otherwise since 2.19, and kept by name (telemetry facts, section 9). */
export const CONTROL_PLANE_PORTS: Rule = {
  causes: ['control-plane-ports-renamed'],
  needs: ['pods', 'scrape configuration', 'targets'],
  diagnose({ evidence }) {
    const context = contextOf(evidence);
    return context.controlPlaneJobs.flatMap((job): Finding[] => {
      const others = context.controlPlaneJobs.filter((one) => one !== job);
      const lost = context.components
        // Whoever has a job for each component asks in each for that one alone.
        .filter((pod) => !others.some((other) => keptTargets(other, pod).length > 0))
        .flatMap((pod) => lostPorts(context, job, pod));
      const [first] = lost;
      if (first === undefined) return [];
      const pods = lost.map(({ id }) => id);
      const rule = `relabel rule ${first.rule + 1} keeps ports whose name matches ${first.regex}`;
      return [
        {
          causes: ['control-plane-ports-renamed'],
          pods,
          subject: job.name,
          summary: `Job ${job.name} finds no port of ${listed(pods)}: it keeps names like ${first.regex}, and these are ${listed([...new Set(first.names)])}.`,
          evidence: [
            `Prometheus' job ${job.name}: ${rule}`,
            ...lost.slice(0, 5).map(({ id, names }) => `Pod ${id}: its ports are called ${names.join(', ')}`),
          ],
        },
      ];
    });
  },
};

/** The pod's ports beside those of its proxy, when the job drops them all, and for their names. */
function lostPorts(context: Context, job: ScrapeJob, pod: EvidencePod) {
  const proxy = proxyContainer(pod)?.container.name;
  const id = podId(pod);
  const ports = targetsOf(job, pod).filter(
    ({ discovered }) =>
      discovered.__meta_kubernetes_pod_container_name !== proxy && (discovered[PORT_NAME] ?? '') !== '',
  );
  if (ports.length === 0) return [];
  const isKnown = context
    .activeOf(id)
    .some((target) => target.scrapePool === job.name && ports.some((port) => isCurrent(target, port.discovered)));
  if (isKnown) return [];
  const dropped = ports.flatMap((port) =>
    port.outcome === 'dropped' && port.by.rule.action === 'keep' && port.by.rule.sourceLabels.includes(PORT_NAME)
      ? [port]
      : [],
  );
  const [first] = dropped;
  if (first === undefined || dropped.length < ports.length) return [];
  const names = ports.map(({ discovered }) => discovered[PORT_NAME]!);
  return [{ id, names, rule: first.by.index, regex: first.by.rule.regex }];
}
