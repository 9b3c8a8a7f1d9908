import { LOAD_WORKLOAD, type PolicySpec, type Scenario, trafficDurationMs } from '../model.ts';
import type { ScenarioFile } from '../schema/file.ts';
import { CallGraph } from './call-graph.ts';
import { Catalogue } from './catalogue.ts';
import type { Context } from './context.ts';
import { toExpectations } from './expectations.ts';
import { toFaults } from './faults.ts';
import { toPolicies } from './policies.ts';
import { Reach } from './reach.ts';
import { type PlacedRouting, toRouting } from './routing.ts';
import { toServices } from './services.ts';
import { toRestarts, toTimeline } from './timeline.ts';
import { toTraffic } from './traffic.ts';

/** Resolves names, fills in defaults and checks what no single field can show. What is wrong goes to the context. */
export function normalise(file: ScenarioFile, path: string, context: Context): Scenario {
  if (file.services.length === 0 && context.complete.services) {
    context.report(['services'], 'there are no services', 'a scenario needs one at least: `- name: web`');
  }
  const catalogue = new Catalogue(file, context);
  const services = toServices(file, catalogue, context);
  const routing = toRouting(file, catalogue, context);
  const policies = toPolicies(file, catalogue, context);
  checkTwinRoutes(routing, policies, context);
  const graph = new CallGraph(services, new Reach(services, routing, context), (id) => catalogue.get(id)!.index);
  const acyclic = graph.check(context, ({ serviceIndex, routeIndex }) =>
    file.services[serviceIndex]?.routes ? ['services', serviceIndex, 'routes', routeIndex] : ['services', serviceIndex],
  );
  const traffic = toTraffic(file, catalogue, acyclic ? graph : null, context);
  const endMs = trafficDurationMs({ traffic } as Scenario);
  const requests = traffic.flatMap((stream) => stream.requests);
  const edges = graph.edgesFrom(requests.map((request) => ({ ...request, caller: LOAD_WORKLOAD.id })));
  const faults = toFaults(file, catalogue, endMs, context);
  return {
    file: path,
    name: file.metadata.name,
    description: file.metadata.description.trim(),
    seed: file.seed,
    mesh: {
      version: file.mesh.version,
      scrapeIntervalMs: file.mesh.scrapeInterval,
      probeIntervalMs: file.mesh.probeInterval,
      ...(file.mesh.prometheus ? { prometheus: file.mesh.prometheus } : {}),
    },
    services,
    traffic,
    timeline: toTimeline(file, services, catalogue, endMs, context),
    restarts: toRestarts(file, catalogue, endMs, context),
    ...(routing.length > 0 ? { routing: routing.map(({ spec }) => spec) } : {}),
    ...(policies.length > 0 ? { policies } : {}),
    ...(faults.length > 0 ? { faults } : {}),
    expect: toExpectations(file, catalogue, edges, context),
  };
}

/** HTTPRoutes of one API have one list of names, whatever they are for. */
function checkTwinRoutes(routing: PlacedRouting[], policies: PolicySpec[], context: Context): void {
  for (const { spec, index } of routing) {
    if (spec.kind !== 'HTTPRoute' || spec.group !== 'policy.linkerd.io') continue;
    if (policies.some((p) => p.kind === 'HTTPRoute' && p.namespace === spec.namespace && p.name === spec.name)) {
      const id = `${spec.namespace}/${spec.name}`;
      context.report(
        ['routing', index, 'name'],
        `there is an HTTPRoute ${id} under \`policies\` as well`,
        'rename one',
      );
    }
  }
}
