import { epochMs } from '../core/clock.ts';
import { parsePage } from '../core/page-parser.ts';
import type { EvidenceSource } from '../environment/contract.ts';
import type { MatrixSeries, PrometheusClient } from '../prometheus/client.ts';
import { type ClockOffset, correctionMs, measureClock } from '../prometheus/clock.ts';
import { parseScrapeJobs } from '../prometheus/relabel/config.ts';
import type { Reading } from './reading.ts';
import { type PrometheusEvidence, STORED_FAMILIES } from './types.ts';

/** Its own families that say how discovery and scraping fare; the rest of its page is about itself. */
const OWN = /^prometheus_(?:sd_|target_|tsdb_head_(?:series|max_time_seconds)$|config_)/;

export interface PrometheusReading {
  evidence: PrometheusEvidence;
  stored: MatrixSeries[];
}

/** Everything that Prometheus says of itself and of its targets. Never rejects. */
export async function readPrometheus(
  client: PrometheusClient,
  source: Pick<EvidenceSource, 'prometheusLog'>,
  options: { reading: Reading; storedRangeMs: number; ownNamespace?: string },
): Promise<PrometheusReading> {
  const { reading, storedRangeMs, ownNamespace } = options;
  const [clocked, build, jobs, targets, own, log] = await Promise.all([
    readStored(client, reading, storedRangeMs),
    reading.have('version of Prometheus', () => client.buildInfo()),
    reading.have('configuration of Prometheus', async () =>
      parseScrapeJobs(await client.config(), ownNamespace === undefined ? {} : { ownNamespace }),
    ),
    reading.have('targets', () => client.targets()),
    reading.have('page of Prometheus', async () => parsePage(await client.ownPage()).samples),
    reading.have('log of Prometheus', () => source.prometheusLog()),
  ]);
  return {
    evidence: {
      url: client.url,
      version: build?.version ?? '',
      clock: clocked.clock,
      jobs: jobs ?? [],
      active: targets?.active ?? [],
      dropped: targets?.dropped ?? [],
      droppedCounts: targets?.droppedCounts ?? {},
      log,
      own: (own ?? []).filter(({ name }) => OWN.test(name) && !name.endsWith('_bucket')),
    },
    stored: clocked.stored,
  };
}

/** Its clock, then what it stored up to now by it; times are ours where the clock is known to be off. */
async function readStored(
  client: PrometheusClient,
  reading: Reading,
  rangeMs: number,
): Promise<{ clock: ClockOffset | null; stored: MatrixSeries[] }> {
  const clock = await reading.have('clock of Prometheus', () => measureClock(client));
  const corrected = clock ? client.corrected(correctionMs(clock)) : client;
  const selector = `{__name__=~"${STORED_FAMILIES.join('|')}"}`;
  const stored = await reading.have('stored samples', () => corrected.rawSamples(selector, rangeMs, epochMs()));
  return { clock, stored: stored ?? [] };
}
