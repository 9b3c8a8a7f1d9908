import type { Path } from '../error.ts';
import { LOAD_WORKLOAD, type PolicySpec, PROMETHEUS_WORKLOAD, type QualifiedName } from '../model.ts';
import type { ScenarioFile } from '../schema/file.ts';
import type { PolicyEntry } from '../schema/policies.ts';
import { didYouMean } from '../suggest.ts';
import type { Catalogue } from './catalogue.ts';
import type { Context } from './context.ts';
import { toHttpMatches } from './matches.ts';

type Of<Kind extends PolicyEntry['kind']> = Extract<PolicyEntry, { kind: Kind }>;

/** Servers and HTTPRoutes by name, as others name them. */
interface Named {
  namespace: string;
  name: string;
}

/** Servers, their routes, authorizations and limits. */
export function toPolicies(file: ScenarioFile, catalogue: Catalogue, context: Context): PolicySpec[] {
  return new Policies(file, catalogue, context).all();
}

class Policies {
  readonly #file: ScenarioFile;
  readonly #catalogue: Catalogue;
  readonly #context: Context;
  readonly #servers: (Named & { spec: Extract<PolicySpec, { kind: 'Server' }>; at: Path })[] = [];
  readonly #routes: Named[] = [];
  /** Of what is wrong itself: those that name it need not be told that it is not there. */
  readonly #broken: (Named & { kind: string })[] = [];

  constructor(file: ScenarioFile, catalogue: Catalogue, context: Context) {
    this.#file = file;
    this.#catalogue = catalogue;
    this.#context = context;
  }

  all(): PolicySpec[] {
    const entries = this.#file.policies.map((entry, i) => ({ entry, at: ['policies', i] as Path }));
    const specs = new Map<PolicyEntry, PolicySpec>();
    const add = (entry: PolicyEntry, spec: PolicySpec | null) => spec && specs.set(entry, spec);
    // First what others name.
    for (const { entry, at } of entries) if (entry.kind === 'Server') add(entry, this.#server(entry, at));
    for (const { entry, at } of entries) if (entry.kind === 'HTTPRoute') add(entry, this.#route(entry, at));
    for (const { entry, at } of entries) {
      if (entry.kind === 'AuthorizationPolicy') add(entry, this.#authorization(entry, at));
      if (entry.kind === 'RateLimit') add(entry, this.#rateLimit(entry, at));
    }
    const placed = entries.flatMap(({ entry, at }) => {
      const spec = specs.get(entry);
      return spec ? [{ spec, at }] : [];
    });
    this.#checkTwins(placed);
    return placed.map(({ spec }) => spec);
  }

  #server(entry: Of<'Server'>, at: Path): PolicySpec | null {
    const context = this.#context;
    const from = entry.namespace ?? context.namespace;
    const service = entry.service
      ? this.#catalogue.resolve(entry.service, from, [...at, 'service'], `the Server ${entry.name} selects`)
      : null;
    if (entry.service && !service) {
      this.#broken.push({ kind: 'Server', namespace: from, name: entry.name });
      return null;
    }
    const namespace = service?.namespace ?? from;
    if (service && entry.namespace !== undefined && entry.namespace !== namespace) {
      context.report(
        [...at, 'namespace'],
        `the Server ${entry.name} is in ${entry.namespace}, but selects ${service.id}`,
        'a Server selects pods of its own namespace; remove `namespace:`',
      );
    }
    if (!service && context.complete.services && !this.#catalogue.services.some((s) => s.namespace === namespace)) {
      context.report(
        entry.namespace === undefined ? at : [...at, 'namespace'],
        `the Server ${entry.name} selects nothing: there are no services in the namespace ${namespace}`,
        didYouMean(namespace, [...new Set(this.#catalogue.services.map((s) => s.namespace))]),
      );
    }
    const spec = {
      kind: 'Server' as const,
      namespace,
      name: entry.name,
      service: service?.id ?? null,
      port: entry.port,
      protocol: entry.protocol,
      accessPolicy: entry.accessPolicy,
    };
    const rival = this.#servers.find(({ spec: other }) => selectsSame(spec, other));
    if (rival) {
      context.report(
        at,
        `the Servers ${rival.name} and ${entry.name} select the same: the ${entry.port} port of ${
          spec.service ?? rival.spec.service ?? `every service of ${namespace}`
        }`,
        'a port has one Server at most; remove one',
      );
    }
    this.#servers.push({ namespace, name: entry.name, spec, at });
    return spec;
  }

  #route(entry: Of<'HTTPRoute'>, at: Path): PolicySpec | null {
    const server = this.#find(entry.server, this.#servers, 'Server', this.#context.namespace, [...at, 'server'], entry);
    if (!server) {
      this.#broken.push({ kind: 'HTTPRoute', namespace: this.#context.namespace, name: entry.name });
      return null;
    }
    this.#routes.push({ namespace: server.namespace, name: entry.name });
    return {
      kind: 'HTTPRoute',
      namespace: server.namespace,
      name: entry.name,
      server: idOf(server),
      matches: toHttpMatches(entry.matches ?? [], [...at, 'matches'], this.#context),
    };
  }

  #authorization(entry: Of<'AuthorizationPolicy'>, at: Path): PolicySpec | null {
    const context = this.#context;
    if (!entry.clients && !entry.networks && context.isWhole(at)) {
      context.report(
        at,
        `the AuthorizationPolicy ${entry.name} lets nobody in`,
        'add `clients: [web]` or `networks: [10.0.0.0/8]`',
      );
    }
    const target = this.#target(entry, at);
    const clients = this.#clients(entry, at);
    if (!target) return null;
    if (entry.namespace !== undefined && entry.namespace !== target.namespace) {
      context.report(
        [...at, 'namespace'],
        `the AuthorizationPolicy ${entry.name} is in ${entry.namespace}, but its ${target.kind} is in ${target.namespace}`,
        'it stands beside what it is for; remove `namespace:`',
      );
    }
    return {
      kind: 'AuthorizationPolicy',
      namespace: target.namespace,
      name: entry.name,
      target: { kind: target.kind, name: target.id },
      clients,
      networks: entry.networks ?? [],
    };
  }

  #target(
    entry: Of<'AuthorizationPolicy'>,
    at: Path,
  ): { kind: 'Server' | 'HTTPRoute' | 'Namespace'; id: string; namespace: string } | null {
    const context = this.#context;
    const from = entry.namespace ?? context.namespace;
    if (entry.server !== undefined && entry.route !== undefined) {
      context.report(
        [...at, 'route'],
        '`server` and `route` exclude each other',
        'keep one; write another policy for the other',
      );
    }
    if (entry.server !== undefined) {
      const found = this.#find(entry.server, this.#servers, 'Server', from, [...at, 'server'], entry);
      return found && { kind: 'Server', id: idOf(found), namespace: found.namespace };
    }
    if (entry.route !== undefined) {
      const found = this.#find(entry.route, this.#routes, 'HTTPRoute', from, [...at, 'route'], entry);
      return found && { kind: 'HTTPRoute', id: idOf(found), namespace: found.namespace };
    }
    const isThere = [...this.#servers, ...this.#broken].some(({ namespace }) => namespace === from);
    if (!isThere && context.complete.policies) {
      context.report(
        entry.namespace === undefined ? at : [...at, 'namespace'],
        `the AuthorizationPolicy ${entry.name} selects nothing: there is no Server in the namespace ${from}`,
        `add \`{ kind: Server, name: all, namespace: ${from} }\`, or write \`server:\``,
      );
    }
    return { kind: 'Namespace', id: from, namespace: from };
  }

  #clients(entry: Of<'AuthorizationPolicy'>, at: Path): QualifiedName[] | ['*'] | null {
    if (!entry.clients) return null;
    if (entry.clients === '*') return ['*'];
    const from = entry.namespace ?? this.#context.namespace;
    return entry.clients.flatMap((ref, i) => {
      for (const own of [LOAD_WORKLOAD, PROMETHEUS_WORKLOAD]) {
        if (ref !== own.id && (ref !== own.name || this.#catalogue.find(ref, from).length > 0)) continue;
        if (own === PROMETHEUS_WORKLOAD && this.#file.mesh.prometheus !== 'meshed') {
          this.#context.report(
            [...at, 'clients', i],
            `the AuthorizationPolicy ${entry.name} lets prometheus in, which stands outside the mesh and has no identity`,
            'add `mesh: { prometheus: meshed }`',
          );
        }
        return [own.id];
      }
      const who = `the AuthorizationPolicy ${entry.name} lets in`;
      return this.#catalogue.resolve(ref, from, [...at, 'clients', i], who)?.id ?? [];
    });
  }

  #rateLimit(entry: Of<'RateLimit'>, at: Path): PolicySpec | null {
    const context = this.#context;
    if (entry.total === undefined && entry.identity === undefined && context.isWhole(at)) {
      context.report(at, `the RateLimit ${entry.name} limits nothing`, 'add `total: 20/s` or `identity: 5/s`');
    }
    for (const field of ['total', 'identity'] as const) {
      const limit = entry[field];
      if (limit !== undefined && !Number.isInteger(limit)) {
        context.report([...at, field], `${limit}/s is no whole number of requests per second`, 'write `1/s` or more');
      }
    }
    const server = this.#find(entry.server, this.#servers, 'Server', context.namespace, [...at, 'server'], entry);
    if (!server) return null;
    return {
      kind: 'RateLimit',
      namespace: server.namespace,
      name: entry.name,
      server: idOf(server),
      totalPerSecond: entry.total ?? null,
      identityPerSecond: entry.identity ?? null,
    };
  }

  /** Of a short name the one in `from`, else the only one of that name; null and a report when there is none. */
  #find(ref: string, among: Named[], kind: string, from: string, at: Path, user: PolicyEntry): Named | null {
    const context = this.#context;
    const found = ref.includes('/')
      ? among.filter((one) => idOf(one) === ref)
      : [
          among.filter((one) => one.name === ref && one.namespace === from),
          among.filter((one) => one.name === ref),
        ].find((some) => some.length > 0);
    const [one, other] = found ?? [];
    if (one && (!other || ref.includes('/') || one.namespace === from)) return one;
    const who = `the ${user.kind} ${user.name} is for the ${kind} \`${ref}\``;
    if (one && other) {
      context.report(at, `${who}, which could be ${idOf(one)} or ${idOf(other)}`, `write \`${idOf(one)}\``);
      return null;
    }
    const isBroken = this.#broken.some((one) => one.kind === kind && one.name === ref.split('/').at(-1));
    if (!isBroken && context.complete.policies) {
      const names = among.map((each) => (ref.includes('/') ? idOf(each) : each.name));
      const hint =
        didYouMean(ref, [...new Set(names)]) || `add \`{ kind: ${kind}, name: ${ref.split('/').at(-1)}, ... }\``;
      context.report(at, `${who}, but there is none of that name`, hint);
    }
    return null;
  }

  #checkTwins(placed: { spec: PolicySpec; at: Path }[]): void {
    const seen = new Set<string>();
    const limited = new Set<string>();
    for (const { spec, at } of placed) {
      const id = `${spec.kind} ${spec.namespace}/${spec.name}`;
      if (seen.has(id)) this.#context.report([...at, 'name'], `${id} is there twice`, 'rename one');
      seen.add(id);
      if (spec.kind !== 'RateLimit') continue;
      if (limited.has(spec.server)) {
        this.#context.report(
          [...at, 'server'],
          `the Server ${spec.server} has two RateLimits`,
          'it takes one; put both limits into it',
        );
      }
      limited.add(spec.server);
    }
  }
}

function idOf({ namespace, name }: Named): string {
  return `${namespace}/${name}`;
}

type Server = Extract<PolicySpec, { kind: 'Server' }>;

function selectsSame(a: Server, b: Server): boolean {
  if (a.port !== b.port || a.namespace !== b.namespace) return false;
  return a.service === null || b.service === null || a.service === b.service;
}
