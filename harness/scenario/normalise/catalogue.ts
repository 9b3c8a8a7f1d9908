import type { Call, Protocol } from '../../../sim-services/contract.ts';
import { DEFAULT_OPAQUE_PORTS } from '../../core/policy.ts';
import type { Path } from '../error.ts';
import { LOAD_WORKLOAD, type QualifiedName } from '../model.ts';
import type { ScenarioFile } from '../schema/file.ts';
import type { ServiceEntry } from '../schema/service.ts';
import { didYouMean, suggest } from '../suggest.ts';
import type { Context } from './context.ts';
import { type Proto, Protos } from './protos.ts';

export interface RouteKey {
  /** null: every method. */
  method: Call['method'] | null;
  path: string;
}

export interface CatalogueService {
  id: QualifiedName;
  namespace: string;
  name: string;
  replicas: number;
  port: number;
  protocol: Protocol;
  /** Proxies see no requests in its connections. */
  opaque: boolean;
  /** Of a gRPC service. */
  proto: Proto | null;
  routes: RouteKey[];
  /** Where it stands in the file. */
  index: number;
}

/** The services of a scenario by name. */
export class Catalogue {
  readonly services: CatalogueService[] = [];
  readonly #byId = new Map<QualifiedName, CatalogueService>();
  readonly #context: Context;
  readonly #protos: Protos;

  constructor(file: ScenarioFile, context: Context) {
    this.#context = context;
    this.#protos = new Protos(context);
    file.services.forEach((entry, index) => {
      this.#add(entry, index);
    });
  }

  get(id: QualifiedName): CatalogueService | undefined {
    return this.#byId.get(id);
  }

  /**
   * The service that is meant by `[namespace/]service`: of a short name the one in the user's namespace, else the only
   * one of that name. What it can't find it reports, `who` being the one that uses the name.
   */
  resolve(ref: string, from: string, path: Path, who: string): CatalogueService | null {
    const found = this.find(ref, from);
    if (found.length === 1) return found[0]!;
    if (found.length > 1) {
      const ids = found.map((s) => s.id);
      this.#context.report(path, `${who} \`${ref}\`, which could be ${ids.join(' or ')}`, `write \`${ids[0]}\``);
    } else if (this.#context.complete.services) {
      const names = this.services.map((s) => (ref.includes('/') ? s.id : s.name));
      this.#context.report(
        path,
        `${who} \`${ref}\`, but there is no such service`,
        didYouMean(ref, [...new Set(names)]) || 'add it to `services:`',
      );
    }
    return null;
  }

  /** As `resolve`; `load` is the load generator where no service is called so. */
  resolveWorkload(ref: string, from: string, path: Path, who: string): { id: QualifiedName; replicas: number } | null {
    const isLoad = ref === LOAD_WORKLOAD.name && this.find(ref, from).length === 0;
    if (isLoad || ref === LOAD_WORKLOAD.id) return { id: LOAD_WORKLOAD.id, replicas: 1 };
    return this.resolve(ref, from, path, who);
  }

  /** All services that a name can mean. */
  find(ref: string, from: string): CatalogueService[] {
    if (ref.includes('/')) {
      const exact = this.#byId.get(ref);
      return exact ? [exact] : [];
    }
    const near = this.#byId.get(`${from}/${ref}`);
    return near ? [near] : this.services.filter((s) => s.name === ref);
  }

  /** The route that answers, or null and a report. */
  route(service: CatalogueService, method: Call['method'], path: string, at: Path, who: string): RouteKey | null {
    // What is wrong is the .proto.
    if (service.protocol === 'grpc' && !service.proto) return null;
    const here = service.routes.filter((r) => r.path === path);
    const found = here.find((r) => r.method === null || r.method === method);
    if (found) return found;
    if (!this.#context.complete.routes) return null;
    if (here.length > 0) {
      const methods = here.map((r) => r.method).join(', ');
      this.#context.report(
        at,
        `${who} ${method} ${path} of ${service.id}, which answers ${methods} only`,
        `write \`method: ${here[0]!.method}\`, or add a route for ${method}`,
      );
    } else {
      const paths = [...new Set(service.routes.map((r) => r.path))];
      if (service.proto?.methods.some((method) => method.path === path && method.clientStreams)) {
        const message = `${who} ${path} of ${service.id}, which takes a stream of requests: synthetic services serve none`;
        this.#context.report(at, message, `its methods are ${paths.join(', ')}`);
        return null;
      }
      const hint = suggest(path, paths) ? didYouMean(path, paths) : `its routes are ${paths.join(', ')}`;
      this.#context.report(at, `${who} ${path} of ${service.id}, but there is no such route`, hint);
    }
    return null;
  }

  #add(entry: ServiceEntry, index: number): void {
    const namespace = entry.namespace ?? this.#context.namespace;
    const id = `${namespace}/${entry.name}`;
    const protocol = entry.protocol ?? 'http';
    const proto = protocol === 'grpc' ? this.#protos.of(entry, index) : null;
    const service: CatalogueService = {
      id,
      namespace,
      name: entry.name,
      replicas: entry.replicas,
      port: entry.port,
      protocol,
      opaque: entry.opaque ?? DEFAULT_OPAQUE_PORTS.includes(entry.port),
      proto,
      routes: this.#routes(entry, index, id, protocol, proto),
      index,
    };
    if (this.#byId.has(id)) {
      this.#context.report(
        ['services', index, 'name'],
        `there are two services ${id}`,
        'rename one, or give it another `namespace:`; for several pods of one service write `replicas:`',
      );
      return;
    }
    this.#byId.set(id, service);
    this.services.push(service);
  }

  #routes(entry: ServiceEntry, index: number, id: string, protocol: Protocol, proto: Proto | null): RouteKey[] {
    const implied = IMPLIED_METHOD[protocol];
    if (protocol === 'tcp') return [{ method: implied, path: '/' }];
    if (!entry.routes) {
      if (protocol === 'grpc') return (proto?.served ?? []).map(({ path }) => ({ method: implied, path }));
      return [{ method: null, path: '/' }];
    }
    const routes: RouteKey[] = [];
    entry.routes.forEach((route, i) => {
      const method = implied ?? route.method ?? null;
      const twin = routes.find((r) => r.path === route.path && (!r.method || !method || r.method === method));
      if (twin) {
        this.#context.report(
          ['services', index, 'routes', i, 'path'],
          `${id} has two routes for ${method ?? twin.method ?? 'every method of'} ${route.path}`,
          protocol === 'grpc' ? 'remove one' : 'remove one, or give each its own `method:`',
        );
      }
      routes.push({ method, path: route.path });
    });
    return routes;
  }
}

/** Methods that nobody writes, as the protocol has only one. */
export const IMPLIED_METHOD: Record<Protocol, 'POST' | 'CONNECT' | null> = {
  http: null,
  http2: null,
  grpc: 'POST',
  tcp: 'CONNECT',
};

/** `GET /items`, `/items`. */
export function routeName(route: RouteKey): string {
  return route.method ? `${route.method} ${route.path}` : route.path;
}
