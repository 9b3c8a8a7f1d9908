import type { EvidenceContainerStatus, EvidencePod } from '../../../../evidence/types.ts';
import type { MatrixSeries } from '../../../../prometheus/client.ts';
import type { DiagnosisInput, Finding, Rule } from '../../types.ts';
import { gaugeOf, type PodView, podViews, proxyOf } from './view.ts';

const START = 'process_start_time_seconds';

/** Start times of one process are the same number each time; those of two differ by the time that a restart takes. */
const SAME_SECONDS = 0.05;

/**
 * A proxy whose process is not the one that it was. Restarts that the run itself makes are known to its truth, as incarnations, and
 * the verdict handles them.
 */
export const proxyRestarted: Rule = {
  causes: ['proxy-restarted'],
  needs: ['stored:process_start_time_seconds', 'pages', 'pods', 'truth'],
  diagnose(input) {
    const fromMs = input.run?.input.window.originMs ?? input.evidence.atMs - input.evidence.storedRangeMs;
    return podViews(input)
      .filter(({ journals }) => journals.length < 2)
      .flatMap((pod) => {
        const seen = [...changes(input, pod), ...ofContainer(pod, fromMs)];
        return seen.length === 0 ? [] : [finding(pod, seen)];
      });
  },
};

function finding(pod: PodView, evidence: string[]): Finding {
  const container = (pod.object && proxyOf(pod.object)?.name) ?? 'linkerd-proxy';
  return {
    causes: ['proxy-restarted'],
    pods: [pod.key],
    subject: '',
    summary: `The proxy of ${pod.key} has restarted: its counters began at zero again, and what it had counted since its last scrape is lost.`,
    evidence,
    remedy: [
      `kubectl -n ${pod.namespace} describe pod ${pod.name}; kubectl -n ${pod.namespace} logs ${pod.name} -c ${container} --previous`,
    ],
  };
}

/** Changes of the start time within one series, and from the last that Prometheus has to the page. */
function changes(input: DiagnosisInput, pod: PodView): string[] {
  if (pod.admin === null) return [];
  const born = pod.object === null ? Number.NEGATIVE_INFINITY : bornSeconds(pod.object);
  const found = seriesOf(input, pod).flatMap(({ labels, samples }) => {
    const starts = samples.map(({ v }) => v);
    const own = gaugeOf(pod.page, START);
    const all = own === undefined ? starts : [...starts, own];
    const at = all.findIndex((start, i) => i > 0 && start > all[i - 1]! + SAME_SECONDS);
    // It only ever rises: two processes that take turns are two pods under one name, which is another matter.
    const falls = all.some((start, i) => i > 0 && start < all[i - 1]! - SAME_SECONDS);
    // Another pod of that name, with a proxy of its own.
    if (at < 0 || falls || all[at - 1]! < born - 1) return [];
    const where = at < starts.length ? `stored, job ${labels.job ?? ''}` : 'stored, then its page';
    return [`${START} of ${pod.admin} went from ${all[at - 1]} to ${all[at]} (${where})`];
  });
  return found.slice(0, 1);
}

function seriesOf({ evidence }: DiagnosisInput, pod: PodView): MatrixSeries[] {
  return evidence.stored.filter(
    ({ labels }) =>
      labels.__name__ === START &&
      labels.instance === pod.admin &&
      // The address may have been another pod's before.
      (labels.pod === undefined || labels.pod === pod.name || !podNamed(evidence.cluster.pods, labels.pod)),
  );
}

function podNamed(pods: readonly EvidencePod[] | null, name: string): boolean {
  return pods?.some((pod) => pod.metadata.name === name) ?? false;
}

/** Seconds since the epoch; Kubernetes has whole ones. */
function bornSeconds({ status }: EvidencePod): number {
  const ms = Date.parse(status.startTime ?? '');
  return Number.isNaN(ms) ? Number.NEGATIVE_INFINITY : ms / 1000;
}

/** A restart of the proxy's container since `fromMs`, by its status. */
function ofContainer({ object }: PodView, fromMs: number): string[] {
  const name = object && proxyOf(object)?.name;
  if (!object || name === undefined) return [];
  const statuses = [...(object.status.containerStatuses ?? []), ...(object.status.initContainerStatuses ?? [])];
  const status = statuses.find((one) => one.name === name);
  if (status === undefined || status.restartCount === 0) return [];
  const at = startedMs(status);
  // Whole seconds: one that started within the same second may be from before.
  if (at === null || at < fromMs) return [];
  const last = status.lastState?.terminated;
  const why = last === undefined ? '' : `, after ${last.reason ?? 'an end'} with exit code ${last.exitCode ?? '?'}`;
  return [
    `container ${name} has restartCount ${status.restartCount} and runs since ${new Date(at).toISOString()}${why} (pods)`,
  ];
}

function startedMs({ state, lastState }: EvidenceContainerStatus): number | null {
  const times = [state?.running?.startedAt, lastState?.terminated?.finishedAt].map((text) => Date.parse(text ?? ''));
  return times.find((ms) => !Number.isNaN(ms)) ?? null;
}
