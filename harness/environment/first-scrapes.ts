import { DeadlineExceededError, HarnessError } from '../core/errors.ts';
import { waitFor } from '../core/wait.ts';
import type { ActiveTarget, PrometheusClient } from '../prometheus/client.ts';

export interface FirstScrapes {
  client: { targets(): Promise<Pick<Awaited<ReturnType<PrometheusClient['targets']>>, 'active' | 'dropped'>> };
  /** `host:port` of the sidecars, as the label `instance` has it. */
  instances: Iterable<string>;
  scrapeIntervalMs: number;
  /** What finding the targets may take before their first interval begins. Default 15 s. */
  discoveryMs?: number;
  /** Between two looks. Default 50 ms. */
  everyMs?: number;
  /**
   * It may be that not every sidecar can be scraped (faults): the wait also ends when none has been scraped for the first time
   * for this long, ms. Absent: all must be.
   */
  untilNoMoreForMs?: number;
  hint: string;
  signal?: AbortSignal;
  /** Throws when there is no point in waiting any longer. */
  check?: () => void;
  /** Asked after each look that found no sidecar at all, known or dropped; throws when it knows why: that ends the wait. */
  whileNone?: () => Promise<void>;
}

const JOB = 'linkerd-proxy';

/**
 * Waits until Prometheus has scraped each of these sidecars once, or has had its chance to.
 * @throws HarnessError SCRAPES_REFUSED when policies keep Prometheus out; DeadlineExceededError with those that are missing;
 * what `check` and `whileNone` throw; the signal's reason
 */
export async function waitForFirstScrapes(options: FirstScrapes): Promise<void> {
  const wanted = new Set(options.instances);
  let reason: { error: unknown } | null = null;
  let refused: string[] = [];
  const isStill = stillFor(options.untilNoMoreForMs);
  const looking = waitFor(
    async (seen) => {
      const { active, dropped } = await options.client.targets();
      const sidecars = byInstance(options.untilNoMoreForMs === undefined ? active.filter(isOfProxies) : active);
      const missing = [...wanted].filter((instance) => sidecars.get(instance)?.health !== 'up');
      refused = missing.filter((instance) => /\b403\b/.test(sidecars.get(instance)?.lastError ?? ''));
      seen(describeMissing(wanted.size, missing, sidecars));
      if (missing.length === 0 || isStill(missing.length)) return true;
      if (sidecars.size === 0 && !dropped.some((target) => target.scrapePool === JOB)) {
        await options.whileNone?.().catch((error: unknown) => {
          reason = { error };
        });
      }
      return undefined;
    },
    {
      what: 'Prometheus has scraped each sidecar once',
      deadlineMs: (options.discoveryMs ?? 15_000) + 2 * options.scrapeIntervalMs,
      everyMs: options.everyMs,
      hint: options.hint,
      signal: options.signal,
      check: () => {
        if (reason) throw reason.error;
        options.check?.();
      },
    },
  );
  await looking.catch((error: unknown) => {
    throw error instanceof DeadlineExceededError && refused.length > 0 ? scrapesRefused(refused, error) : error;
  });
}

const isOfProxies = ({ labels }: ActiveTarget) => labels.job === JOB;

/** One that was scraped comes before others with its address. */
function byInstance(targets: readonly ActiveTarget[]): Map<string, ActiveTarget> {
  const upLast = targets.toSorted((a, b) => Number(a.health === 'up') - Number(b.health === 'up'));
  return new Map(upLast.map((target) => [target.labels.instance ?? '', target]));
}

/** Whether a number has been the same for so long. */
function stillFor(ms: number | undefined): (count: number) => boolean {
  let last = Number.NaN;
  let since = performance.now();
  return (count) => {
    if (count !== last) since = performance.now();
    last = count;
    return ms !== undefined && performance.now() - since >= ms;
  };
}

function scrapesRefused(refused: string[], cause: unknown): HarnessError {
  return new HarnessError(
    'SCRAPES_REFUSED',
    `${refused.length} sidecars refuse Prometheus their metrics with 403: ${refused.slice(0, SHOWN).join(', ')}`,
    {
      hint:
        "a default policy is one of the proxies' own port 4191 too: let Prometheus in with a Server on `port: admin`, by its " +
        'accessPolicy, or by an AuthorizationPolicy for `prometheus` with `mesh: { prometheus: meshed }`',
      cause,
    },
  );
}

const SHOWN = 3;

/** `4 of 6 sidecars scraped; not 10.244.0.7:4191 (connection refused), 10.244.0.9:4191 (no target)`. */
function describeMissing(wanted: number, missing: string[], sidecars: Map<string, ActiveTarget>): string {
  const scraped = `${wanted - missing.length} of ${wanted} sidecars scraped`;
  if (missing.length === 0) return scraped;
  const why = (target: ActiveTarget | undefined) => (target ? target.lastError || 'not yet' : 'no target');
  const shown = missing.slice(0, SHOWN).map((instance) => `${instance} (${why(sidecars.get(instance))})`);
  return `${scraped}; not ${shown.join(', ')}${missing.length > SHOWN ? ', ...' : ''}`;
}
