import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HarnessError } from '../../core/errors.ts';
import type { ResolvedTool } from '../../core/tool.ts';
import { ClockProxy } from '../../faults/clock/proxy.ts';
import type { Draft } from '../../faults/draft.ts';
import { apiFiles } from '../../mesh/api-files.ts';
import { lacksKubernetesDiscovery, overHttp } from '../../prometheus/http-discovery.ts';
import { RULES_FILE } from '../../prometheus/rule-file.ts';
import { type PrometheusConfig, prometheusYaml } from '../../prometheus/scrape-config.ts';
import { type PrometheusServer, startPrometheus } from '../../prometheus/server.ts';
import type { ScenarioContext } from '../contract.ts';
import type { Address } from './addresses.ts';
import { HttpDiscovery } from './http-discovery.ts';

/** Prometheus on this machine, with its configuration. */
export class LocalPrometheus implements AsyncDisposable {
  readonly server: PrometheusServer;
  /** Where it is asked: its own address, or one at which its clock is off. */
  readonly url: string;
  readonly #proxy: ClockProxy | null;
  readonly #config: ConfigFile;

  private constructor(server: PrometheusServer, proxy: ClockProxy | null, config: ConfigFile) {
    this.server = server;
    this.#proxy = proxy;
    this.url = proxy?.url ?? server.url;
    this.#config = config;
  }

  /** @throws HarnessError as startPrometheus does, RULES_REFUSED of the scenario's rules among them */
  static async start(
    draft: Pick<Draft, 'scenario' | 'mesh' | 'prometheus' | 'prometheusArgs' | 'prometheusAheadMs'>,
    listen: Address,
    tool: ResolvedTool,
    context: ScenarioContext,
  ): Promise<LocalPrometheus> {
    await using stack = new AsyncDisposableStack();
    const config = stack.use(new ConfigFile(join(context.dir, 'config', 'prometheus.yml')));
    await config.write(draft.prometheus);
    const { rules } = draft.scenario;
    if (rules !== undefined) await writeFile(join(context.dir, 'config', RULES_FILE), rules);
    const start = () =>
      startPrometheus({
        ...{ tool, configFile: config.path, listen },
        dataDir: join(context.dir, 'prometheus'),
        logFile: join(context.dir, 'logs', 'prometheus.log'),
        args: draft.prometheusArgs,
        signal: context.signal,
      });
    const server = await start().catch(async (error) => {
      if (!(error instanceof HarnessError && lacksKubernetesDiscovery(error.message))) throw error;
      context.note(
        `this Prometheus (${tool.version}) is built without discovery in Kubernetes: it finds the same targets by HTTP discovery`,
      );
      await config.findOverHttp(draft);
      await config.write(draft.prometheus);
      return start();
    });
    stack.use(server);
    const { prometheusAheadMs: aheadMs } = draft;
    const proxy = aheadMs === 0 ? null : await ClockProxy.start({ of: server.url, host: listen.host, aheadMs });
    stack.move();
    return new LocalPrometheus(server, proxy, config);
  }

  /** @throws HarnessError PROMETHEUS_RELOAD */
  async reconfigure(config: PrometheusConfig): Promise<void> {
    await this.#config.write(config);
    await this.server.reload();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#proxy?.[Symbol.asyncDispose]();
    await this.server.stop();
    await this.#config[Symbol.asyncDispose]();
  }
}

/** prometheus.yml; once asked to, with HTTP discovery in place of Kubernetes'. */
class ConfigFile implements AsyncDisposable {
  readonly path: string;
  #discovery: HttpDiscovery | null = null;

  constructor(path: string) {
    this.path = path;
  }

  async findOverHttp({ mesh: { kubernetesApi, dir } }: Pick<Draft, 'mesh'>): Promise<void> {
    const { host, port } = kubernetesApi;
    this.#discovery = await HttpDiscovery.start({ url: `https://${host}:${port}`, ...apiFiles(dir) }, host);
  }

  async write(config: PrometheusConfig): Promise<void> {
    await writeFile(this.path, prometheusYaml(this.#discovery ? overHttp(config, this.#discovery.url) : config));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#discovery?.[Symbol.asyncDispose]();
  }
}
