import type { Labels, MatrixSeries } from '../../../../prometheus/client.ts';
import type { Ask, DiagnosisInput, Finding, Rule } from '../../types.ts';
import { counted, grouped, type PodView, podViews, proxyOf } from './view.ts';

/** Families that a proxy forgets; of each only the counter, its buckets go with it. */
const FAMILIES = 'request_total|response_total|route_request_total|route_response_total';
const START = 'process_start_time_seconds';
const RETAIN = 'LINKERD2_PROXY_METRICS_RETAIN_IDLE';

/**
 * Series that end, or fall after a pause, while the process of their proxy goes on. Prometheus finds them by their falls; its
 * raw samples and those of `up` then show that the series was away from a scrape that succeeded.
 */
export const idleSeriesEvicted: Rule = {
  causes: ['idle-series-evicted'],
  needs: ['stored:up', 'stored:process_start_time_seconds', 'samples', 'pods'],
  diagnose(input, ask) {
    const suspects = suspectsOf(input, ask);
    if (suspects.length === 0) return [];
    const views = podViews(input);
    const evicted = suspects.flatMap((series) => {
      const away = awayFor(input, series);
      if (away === undefined) return [];
      const pod = views.find(({ admin }) => admin !== null && admin === series.labels.instance);
      // That idle series go at last is as Linkerd means it; in a run, or with a setting of its own, it is not.
      if (input.run === null && (pod === undefined || retainOf(pod) === undefined)) return [];
      return [{ series, away, pod, key: pod?.key ?? `${series.labels.namespace}/${series.labels.pod}` }];
    });
    return grouped(evicted, ({ key }) => key).map(([key, those]) => {
      const { pod } = those[0]!;
      const retain = pod && retainOf(pod);
      return {
        causes: ['idle-series-evicted'],
        pods: [key],
        subject: '',
        summary:
          `The proxy of ${key} has dropped ${counted(those.length, 'idle serie')}${those.length === 1 ? 's' : ''} while its process went on: what they had counted is gone from its page.`.replace(
            'seriess',
            'series',
          ),
        evidence: [
          ...those.slice(0, 3).map(({ series, away }) => `${nameOf(series.labels)} ${away} (samples)`),
          `${START} of ${key} did not change (stored)`,
          ...(retain === undefined ? [] : [`${RETAIN} of its container is ${retain} (pods)`]),
        ],
      } satisfies Finding;
    });
  },
};

function suspectsOf({ evidence, run }: DiagnosisInput, ask: Ask): MatrixSeries[] {
  // Without a run only settings count; a query over all series of a cluster is not for nothing.
  const shortened = evidence.cluster.pods?.some((pod) => proxyOf(pod)?.env?.some(({ name }) => name === RETAIN));
  if (run === null && !shortened) return [];
  const { atMs } = evidence;
  const sinceMs = run === null ? evidence.storedRangeMs : evidence.atMs - run.input.window.originMs + BEFORE_ORIGIN_MS;
  // Prometheus takes whole milliseconds.
  const rangeMs = Math.ceil(Math.min(evidence.storedRangeMs, sinceMs));
  const range = `${Math.max(1, Math.ceil(rangeMs / 1000))}s`;
  const selector = `{__name__=~"${FAMILIES}"}`;
  // Those that fell, and those that were there and are not.
  const expr = `count by (instance) (resets(${selector}[${range}]) > 0 or (last_over_time(${selector}[${range}]) unless ${selector}))`;
  const answer = ask({ ask: 'query', expr, atMs });
  if (answer?.to !== 'query' || answer.samples.length === 0) return [];
  const instances = [...new Set(answer.samples.flatMap(({ labels }) => labels.instance ?? []))].sort();
  const raw = instances.slice(0, MOST_INSTANCES).map((instance) =>
    ask({
      ask: 'samples',
      selector: `{__name__=~"${FAMILIES}", instance=${JSON.stringify(instance)}}`,
      rangeMs,
      atMs,
    }),
  );
  return raw.flatMap((one) => (one?.to === 'samples' ? one.series : []));
}

/** First scrapes come before traffic. */
const BEFORE_ORIGIN_MS = 10_000;
/** In a large cluster some pods tell as much as all. */
const MOST_INSTANCES = 50;

/**
 * How long a series was away from scrapes that succeeded, of one process; undefined: it never was. After a series has been away it
 * must have come back lower, or not at all: one that a scrape merely missed goes on where it was.
 */
function awayFor({ evidence }: DiagnosisInput, { labels, samples }: MatrixSeries): string | undefined {
  const target = targetLabels(evidence.stored, labels);
  const ups = target.up?.samples.filter(({ v }) => v === 1) ?? [];
  const starts = target.start?.samples ?? [];
  if (samples.length === 0 || starts.length === 0 || new Set(starts.map(({ v }) => v)).size > 1) return undefined;
  for (const [i, sample] of samples.entries()) {
    const next = samples[i + 1];
    // A target's `up` has the time stamp of its series.
    const missed = ups.filter(({ t }) => t > sample.t && (next === undefined || t < next.t)).length;
    if (missed === 0 || (next === undefined && missed < 2)) continue;
    if (next === undefined) return `ended at ${sample.v}, and ${counted(missed, 'scrape')} without it succeeded since`;
    if (next.v < sample.v)
      return `was away from ${counted(missed, 'scrape')} that succeeded, and fell from ${sample.v} to ${next.v}`;
  }
  return undefined;
}

/** `up` and the start time of the target that a series is of: theirs are the target's labels, all of which the series has. */
function targetLabels(stored: readonly MatrixSeries[], labels: Labels): { up?: MatrixSeries; start?: MatrixSeries } {
  const ofTarget = (name: string) =>
    stored.find(
      (series) =>
        series.labels.__name__ === name &&
        Object.entries(series.labels).every(([label, value]) => label === '__name__' || labels[label] === value),
    );
  const [up, start] = [ofTarget('up'), ofTarget(START)];
  return { ...(up && { up }), ...(start && { start }) };
}

function retainOf({ object }: PodView): string | undefined {
  return object === null ? undefined : proxyOf(object)?.env?.find(({ name }) => name === RETAIN)?.value;
}

function nameOf(labels: Labels): string {
  const shown = ['direction', 'dst_service', 'dst_pod', 'target_port', 'client_id', 'status_code', 'route_name'];
  const pairs = shown.flatMap((label) => (labels[label] ? [`${label}="${labels[label]}"`] : []));
  return `${labels.__name__}{${pairs.join(', ')}}`;
}
