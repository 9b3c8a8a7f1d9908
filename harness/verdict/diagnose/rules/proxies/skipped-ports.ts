import type { DiagnosisInput, Finding, Rule } from '../../types.ts';
import { annotationOf, calledPortsOf, counted, grouped, listsPort, type PodView, podViews, sumOf } from './view.ts';

const SKIP_INBOUND = 'config.linkerd.io/skip-inbound-ports';
const SKIP_OUTBOUND = 'config.linkerd.io/skip-outbound-ports';

/**
 * Ports that go past the proxy, though the run takes them for meshed. Skipping is a choice: without a run to say otherwise it
 * is none of a diagnosis' business.
 */
export const inboundPortSkipped: Rule = {
  causes: ['inbound-port-skipped'],
  needs: ['pods', 'namespaces', 'pages', 'truth'],
  diagnose(input) {
    if (input.run === null) return [];
    const skipped = podViews(input).flatMap((pod) => skippedInbound(input, pod));
    return grouped(skipped, ({ pod, port }) => `${pod.declared!.workload} ${port}`).map(([, those]) => {
      const { pod, port, list } = those[0]!;
      return {
        causes: ['inbound-port-skipped'],
        pods: those.map((one) => one.pod.key),
        subject: `${pod.declared!.workload} port ${port}`,
        summary: `The proxies of ${those.map((one) => one.pod.key).join(', ')} skip the inbound port ${port} of the app: what it served (${counted(
          sum(those, (one) => one.served),
          'request',
        )} by its own account) never met the proxy.`,
        evidence: those.flatMap((one) => [
          `${SKIP_INBOUND} of ${one.list.at} is "${one.list.value}", and port ${port} is the app's (pods)`,
          ...(one.pod.page === null
            ? []
            : [`${one.pod.key} has no inbound request_total and no tcp_open_total of port ${port} (its page)`]),
          `${one.pod.key} served ${counted(one.served, 'request')} from meshed callers (truth)`,
        ]),
        remedy: [
          `Take ${port} out of ${SKIP_INBOUND} ("${list.value}" at ${list.at}) and restart ${pod.declared!.workload}.`,
        ],
      } satisfies Finding;
    });
  },
};

interface SkippedInbound {
  pod: PodView;
  port: number;
  list: { value: string; at: string };
  served: number;
}

function skippedInbound(input: DiagnosisInput, pod: PodView): SkippedInbound[] {
  const list = annotationOf(input, pod, SKIP_INBOUND);
  if (list === undefined || pod.declared === null || pod.workload === null || pod.workload.skipsInbound) return [];
  const served = sum(pod.journals, (j) => fromCallers(j.served) + fromCallers(j.accepted));
  if (served === 0) return [];
  return calledPortsOf(input, pod)
    .filter((port) => listsPort(list.value, port) && !showsInbound(pod, port))
    .map((port) => ({ pod, port, list, served }));
}

/** Whether the proxy has met anything on the port: then it does not skip it, whatever the annotation says by now. */
function showsInbound({ page }: PodView, port: number): boolean {
  const onPort = (labels: Record<string, string>): boolean =>
    labels.direction === 'inbound' && labels.target_port === String(port);
  return sumOf(page, 'request_total', onPort) + sumOf(page, 'tcp_open_total', onPort) > 0;
}

export const outboundPortSkipped: Rule = {
  causes: ['outbound-port-skipped'],
  needs: ['pods', 'namespaces', 'pages', 'truth'],
  diagnose(input) {
    if (input.run === null) return [];
    const skipped = podViews(input).flatMap((pod) => skippedOutbound(input, pod));
    return grouped(skipped, ({ pod, service }) => `${pod.declared!.workload} ${service}`).map(([, those]) => {
      const { pod, port, service, list } = those[0]!;
      return {
        causes: ['outbound-port-skipped'],
        pods: those.map((one) => one.pod.key),
        subject: `${pod.declared!.workload} -> ${service} port ${port}`,
        summary: `The proxies of ${those.map((one) => one.pod.key).join(', ')} skip port ${port}, that of ${service}: ${counted(
          sum(those, (one) => one.made),
          'request',
        )} to it went past them.`,
        evidence: those.flatMap((one) => [
          `${SKIP_OUTBOUND} of ${one.list.at} is "${one.list.value}", and ${port} is the port of ${service} (pods)`,
          ...(one.pod.page === null ? [] : [`${one.pod.key} has no outbound series of ${service} (its page)`]),
          `${one.pod.key} made ${counted(one.made, 'request')} to ${service} (truth)`,
        ]),
        remedy: [
          `Take ${port} out of ${SKIP_OUTBOUND} ("${list.value}" at ${list.at}) and restart ${pod.declared!.workload}.`,
        ],
      } satisfies Finding;
    });
  },
};

interface SkippedOutbound {
  pod: PodView;
  port: number;
  service: string;
  list: { value: string; at: string };
  made: number;
}

function skippedOutbound(input: DiagnosisInput, pod: PodView): SkippedOutbound[] {
  const list = annotationOf(input, pod, SKIP_OUTBOUND);
  if (list === undefined || pod.declared === null || pod.workload === null) return [];
  const declared = pod.workload.skipsOutbound ?? [];
  return input
    .run!.input.topology.services.filter(({ port }) => listsPort(list.value, port) && !declared.includes(port))
    .flatMap((service) => {
      const made = sum(pod.journals, (j) => [...j.made, ...j.connected].filter((m) => m.callee === service.id).length);
      if (made === 0 || showsOutbound(pod, service)) return [];
      return [{ pod, port: service.port, service: service.id, list, made }];
    });
}

/** Whether the caller's proxy has met anything for the service. */
export function showsOutbound(
  { page }: PodView,
  service: { namespace: string; name: string; authority: string },
): boolean {
  const of = (labels: Record<string, string>): boolean =>
    labels.direction === 'outbound' &&
    ((labels.dst_service === service.name && labels.dst_namespace === service.namespace) ||
      labels.authority?.split(':')[0] === service.authority);
  return sumOf(page, 'request_total', of) + sumOf(page, 'tcp_open_total', of) > 0;
}

/** Those of callers that named themselves: no probes. */
function fromCallers(list: readonly { caller: string }[]): number {
  return list.filter(({ caller }) => caller !== '-').length;
}

function sum<T>(items: readonly T[], of: (item: T) => number): number {
  return items.reduce((total, item) => total + of(item), 0);
}
