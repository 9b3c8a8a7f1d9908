import { LOAD_WORKLOAD, type Scenario, trafficDurationMs } from '../model.ts';
import type { ScenarioFile } from '../schema/file.ts';
import { CallGraph } from './call-graph.ts';
import { Catalogue } from './catalogue.ts';
import type { Context } from './context.ts';
import { toExpectations } from './expectations.ts';
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
  const graph = new CallGraph(services, (id) => catalogue.get(id)!.index);
  const acyclic = graph.check(context, ({ serviceIndex, routeIndex }) =>
    file.services[serviceIndex]?.routes ? ['services', serviceIndex, 'routes', routeIndex] : ['services', serviceIndex],
  );
  const traffic = toTraffic(file, catalogue, acyclic ? graph : null, context);
  const endMs = trafficDurationMs({ traffic } as Scenario);
  const requests = traffic.flatMap((stream) => stream.requests);
  const edges = graph.edgesFrom(requests.flatMap((r) => graph.find(r.service, r.method, r.path) ?? []));
  for (const request of requests) edges.add(`${LOAD_WORKLOAD.id} -> ${request.service}`);
  return {
    file: path,
    name: file.metadata.name,
    description: file.metadata.description.trim(),
    seed: file.seed,
    mesh: {
      version: file.mesh.version,
      scrapeIntervalMs: file.mesh.scrapeInterval,
      probeIntervalMs: file.mesh.probeInterval,
    },
    services,
    traffic,
    timeline: toTimeline(file, services, catalogue, endMs, context),
    restarts: toRestarts(file, catalogue, endMs, context),
    expect: toExpectations(file, catalogue, edges, context),
  };
}
