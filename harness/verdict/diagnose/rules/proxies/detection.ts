import type { WorkloadInfo } from '../../../../core/topology.ts';
import type { DiagnosisInput, Finding, Rule } from '../../types.ts';
import { counted, type PodView, podViews, sumOf } from './view.ts';

const INBOUND = 'inbound_tcp_detect_http_results_total';
const OUTBOUND = 'outbound_tcp_detect_http_results_total';

/**
 * Connections whose first bytes came too late. A connection that nobody ever uses times out as well and hides nothing, so the
 * run's truth must miss requests; without a run there must be many of them.
 */
export const detectionTimedOut: Rule = {
  causes: ['http-detection-timed-out'],
  needs: ['pages', 'truth'],
  diagnose(input) {
    return podViews(input).flatMap((pod) => [...inbound(input, pod), ...outbound(input, pod)]);
  },
};

/** Of a server without a run: so many, and such a share. */
const MANY = 5;
const SHARE = 0.05;

function inbound({ run }: DiagnosisInput, pod: PodView): Finding[] {
  const { page, workload, journals, declared } = pod;
  const timeouts = sumOf(page, INBOUND, isTimeout);
  if (timeouts === 0) return [];
  const evidence = [`${INBOUND}{result="read_timeout"} is ${timeouts} (page of ${pod.key})`];
  if (run === null || workload === null) {
    if (run !== null || timeouts < MANY || timeouts < SHARE * sumOf(page, INBOUND, () => true)) return [];
    return [finding(pod, timeouts, 'inbound', evidence, '')];
  }
  if (!speaksHttp(workload)) return [];
  const last = journals.toSorted((a, b) => a.startMs - b.startMs).at(-1);
  const served = last?.served.filter(({ caller }) => caller !== '-').length ?? 0;
  const port = String(declared?.appPort ?? '');
  const seen = sumOf(
    page,
    'request_total',
    (l) => l.direction === 'inbound' && l.target_port === port && l.tls === 'true',
  );
  const plain = sumOf(
    page,
    'request_total',
    (l) => l.direction === 'inbound' && l.target_port === port && l.tls !== 'true' && l.route_name !== 'probe',
  );
  if (served <= seen + plain) return [];
  evidence.push(
    `it served ${counted(served, 'request')} from callers (truth), and its proxy counts ${seen + plain} on port ${port} (request_total of its page)`,
  );
  return [finding(pod, timeouts, 'inbound', evidence, `: ${served - seen - plain} of ${served} requests are missing`)];
}

/** Timeouts at the caller, of connections to a service that speaks HTTP. */
function outbound({ run }: DiagnosisInput, pod: PodView): Finding[] {
  if (run === null || pod.declared === null) return [];
  const { services, workloads } = run.input.topology;
  return services.flatMap((service) => {
    const timeouts = sumOf(
      pod.page,
      OUTBOUND,
      (l) => isTimeout(l) && l.parent_name === service.name && l.parent_namespace === service.namespace,
    );
    const workload = workloads.find(({ id }) => id === service.workload);
    if (timeouts === 0 || workload === undefined || !speaksHttp(workload)) return [];
    const last = pod.journals.toSorted((a, b) => a.startMs - b.startMs).at(-1);
    const made = last?.made.filter((m) => m.callee === service.id && m.pod !== '').length ?? 0;
    const seen = sumOf(
      pod.page,
      'request_total',
      (l) => l.direction === 'outbound' && l.authority?.split(':')[0] === service.authority,
    );
    if (made <= seen) return [];
    return [
      finding(
        pod,
        timeouts,
        'outbound',
        [
          `${OUTBOUND}{result="read_timeout", parent_name="${service.name}"} is ${timeouts} (page of ${pod.key})`,
          `${counted(made, 'request')} to ${service.id} were answered (truth), and its proxy counts ${seen} (request_total of its page)`,
        ],
        `: ${made - seen} of ${made} requests to ${service.id} are missing`,
      ),
    ];
  });
}

function finding(pod: PodView, timeouts: number, direction: string, evidence: string[], missing: string): Finding {
  return {
    causes: ['http-detection-timed-out'],
    pods: [pod.key],
    subject: pod.declared?.workload ?? '',
    summary: `At ${pod.key} detection of HTTP timed out on ${counted(timeouts, `${direction} connection`)}, which count as TCP since${missing}.`,
    evidence,
  };
}

function isTimeout(labels: Record<string, string>): boolean {
  return labels.result === 'read_timeout';
}

function speaksHttp({ protocol }: WorkloadInfo): boolean {
  return protocol !== 'tcp';
}
