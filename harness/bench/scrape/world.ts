import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { HarnessError } from '../../core/errors.ts';
import type { ResolvedTool } from '../../core/tool.ts';
import { addressOptions, claimAddresses } from '../../environment/local/addresses.ts';
import { findProfile } from '../../mesh/profiles/index.ts';
import { lacksKubernetesDiscovery } from '../../prometheus/http-discovery.ts';
import { linkerdVizConfig } from '../../prometheus/scrape-config.ts';
import { type PrometheusServer, startPrometheus } from '../../prometheus/server.ts';
import type { ScrapeSettings } from '../../result/bench/types.ts';
import { Generator } from '../pages/generator.ts';
import { describeShape, shapeFor } from '../pages/shape.ts';
import { PodApi } from './cluster.ts';
import { Lives } from './lives.ts';

/** Without it no snapshot can be had. */
const ARGS = ['--web.enable-admin-api'];
const PROMETHEUS_PORT = 9090;

/** How Prometheus is started, its folders and its address aside. Where pods come and go, targets are taken over as it is shipped. */
export function recordedArgs(churn: number): string[] {
  return [...(churn > 0 ? [] : ['--scrape.discovery-reload-interval=1s']), ...ARGS];
}

export interface WorldOptions {
  settings: ScrapeSettings;
  seed: number;
  tool: ResolvedTool;
  /** Of this world alone. */
  dir: string;
  signal: AbortSignal;
}

/**
 * What one point is measured of: a real Prometheus with linkerd-viz's configuration, which finds simulated proxies through a
 * Kubernetes API, and scrapes them. The API is served by this process, the pages by another: neither is counted as Prometheus'.
 */
export class ScrapeWorld implements AsyncDisposable {
  readonly prometheus: PrometheusServer;
  readonly generator: Generator;
  readonly dataDir: string;
  readonly lives: Lives;
  readonly #owned: AsyncDisposableStack;

  private constructor(
    parts: Pick<ScrapeWorld, 'prometheus' | 'generator' | 'dataDir' | 'lives'>,
    owned: AsyncDisposableStack,
  ) {
    this.prometheus = parts.prometheus;
    this.generator = parts.generator;
    this.dataDir = parts.dataDir;
    this.lives = parts.lives;
    this.#owned = owned;
  }

  /** @throws HarnessError as Generator.start and startPrometheus do; PROMETHEUS_LACKS_DISCOVERY */
  static async start({ settings, seed, tool, dir, signal }: WorldOptions): Promise<ScrapeWorld> {
    await using stack = new AsyncDisposableStack();
    // Prometheus takes relative paths in its configuration as relative to that.
    const root = resolve(dir);
    const configDir = join(root, 'config');
    const logDir = join(root, 'logs');
    const dataDir = join(root, 'data');
    for (const one of [configDir, logDir]) await mkdir(one, { recursive: true });
    stack.defer(() => rm(dataDir, { recursive: true, force: true }));
    const addresses = stack.use(await claimAddresses(addressOptions(process.env)));
    const generator = stack.use(
      await Generator.start(fleetOf(settings, seed), { logFile: join(logDir, 'pages.log'), signal }),
    );
    const host = addresses.hostIp;
    const pods = generator.pods();
    const lives = new Lives(pods);
    generator.onChange((change) => lives.apply(change));
    const api = stack.use(await PodApi.start({ host, dir: configDir, version: settings.version, pods }));
    lives.shownBy(api);
    const listen = await addresses.listen(host, PROMETHEUS_PORT);
    const configFile = join(configDir, 'prometheus.yml');
    await writeFile(configFile, configOf(settings, api, `${listen.host}:${listen.port}`));
    const prometheus = await startPrometheus({
      ...{ tool, configFile, dataDir, listen, signal },
      logFile: join(logDir, 'prometheus.log'),
      args: ARGS,
      discoveryAsShipped: settings.churn > 0,
    }).catch((error) => {
      throw withoutDiscovery(error, tool);
    });
    stack.use(prometheus);
    return new ScrapeWorld({ prometheus, generator, dataDir, lives }, stack.move());
  }

  /** @throws HarnessError CHILD_DIED */
  check(): void {
    this.generator.check();
    this.prometheus.check();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#owned.disposeAsync();
  }
}

function fleetOf({ targets, series, version, churn, gzip }: ScrapeSettings, seed: number) {
  return {
    pods: targets,
    shape: shapeFor({ version, series }),
    seed,
    churn,
    gzip: gzip ? ('as-asked' as const) : ('never' as const),
  };
}

/** What a page of a point holds. @throws HarnessError as shapeFor does */
export function pageOf({ version, series }: Pick<ScrapeSettings, 'version' | 'series'>) {
  const shape = shapeFor({ version, series });
  return { edges: shape.edges, ...describeShape(shape) };
}

function configOf({ intervalMs, version }: ScrapeSettings, api: PodApi, selfAddress: string): string {
  return linkerdVizConfig({
    ...{ apiServer: api.url, caFile: api.caFile, tokenFile: api.tokenFile, ...api.namespaces },
    ...{ scrapeIntervalMs: intervalMs, scrapeTimeoutMs: intervalMs, selfAddress },
    viz: findProfile(version).chart.viz,
  });
}

function withoutDiscovery(error: unknown, tool: ResolvedTool): unknown {
  if (!(error instanceof HarnessError && lacksKubernetesDiscovery(error.message))) return error;
  return new HarnessError(
    'PROMETHEUS_LACKS_DISCOVERY',
    `this Prometheus (${tool.version}) is built without discovery in Kubernetes, so that what scraping a mesh costs it can't be measured`,
    { hint: 'give another one by --prometheus', cause: error },
  );
}
