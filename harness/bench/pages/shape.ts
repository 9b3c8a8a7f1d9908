import { EXIT, HarnessError } from '../../core/errors.ts';
import { findProfile } from '../../mesh/profiles/index.ts';
import { MOST_NAMES } from './names.ts';
import { Traffic } from './traffic.ts';
import type { FamilySize, PageShape, ShapeDescription } from './types.ts';

/** A page of a number of series, or of a proxy with a number of edges; `routes`: HTTP routes of each called Service, default 1. */
export type ShapeRequest = { version: string; routes?: number } & ({ series: number } | { edges: number });

/** Endpoints of a Service: with two, a proxy shows what balancing is. */
const ENDPOINTS_PER_SERVICE = 2;
/** By which a page may be above the series that were asked for, before that is refused. */
const TOLERANCE = 0.05;

/**
 * The shape of a page with `edges` edges, or with (nearly) `series` series: then edges and callers are as many as fit, and
 * third statuses make up for the rest. What it really has, describeShape says.
 * @throws HarnessError UNKNOWN_MESH_VERSION, BAD_SHAPE: no page of this version has so few series, or so many
 */
export function shapeFor(request: ShapeRequest): PageShape {
  const version = findProfile(request.version).proxyVersion;
  const routes = request.routes ?? 1;
  if ('edges' in request) return checked(withEdges(version, request.edges, routes));
  const wanted = request.series;
  const size = (shape: PageShape) => describeShape(shape).series;
  const least = size(withEdges(version, 0, routes));
  const slack = Math.max(1, wanted * TOLERANCE);
  if (wanted < least - slack) {
    throw badShape(`a page of ${wanted} series`, `one of ${version} has ${least} at least`);
  }
  // Beyond the constant part a page grows evenly with its edges: a guess from that, then steps.
  const sample = 8;
  const perEdge = (size(withEdges(version, sample, routes)) - least) / sample;
  let edges = Math.max(0, Math.floor((wanted - least) / perEdge));
  while (edges > 0 && size(checked(withEdges(version, edges, routes))) > wanted) edges--;
  while (size(checked(withEdges(version, edges + 1, routes))) <= wanted) edges++;
  // A pod that fewer call, as those at the ends of a chain: between two numbers of edges.
  const next = withEdges(version, edges + 1, routes);
  const shapes = [withEdges(version, edges, routes), { ...next, clients: next.clients - 1 }].map((shape) =>
    filled(shape, wanted, size),
  );
  const off = (shape: PageShape) => Math.abs(size(shape) - wanted);
  return shapes.reduce((best, shape) => (off(shape) < off(best) ? shape : best));
}

/** With as many third statuses as bring it nearest to what is wanted. */
function filled(shape: PageShape, wanted: number, size: (shape: PageShape) => number): PageShape {
  const labelSets = shape.edges + shape.clients;
  let best = shape;
  for (let thirdStatuses = 1; thirdStatuses <= labelSets; thirdStatuses++) {
    const next = { ...shape, thirdStatuses };
    if (Math.abs(size(next) - wanted) >= Math.abs(size(best) - wanted)) break;
    best = next;
  }
  return best;
}

function withEdges(version: string, edges: number, routes: number): PageShape {
  const services = Math.ceil(edges / ENDPOINTS_PER_SERVICE);
  return { version, edges, services, routes, clients: services, thirdStatuses: 0 };
}

function checked(shape: PageShape): PageShape {
  const { edges, services, clients, routes } = shape;
  if (![edges, routes].every((n) => Number.isInteger(n) && n >= 0) || routes < 1) {
    throw badShape(`${edges} edges with ${routes} routes`, 'edges are 0 or more, routes 1 or more');
  }
  const names = 2 + clients + 3 * services + 2 * edges;
  if (names > MOST_NAMES) throw badShape(`a page with ${edges} edges`, 'a page has room for about 300');
  return shape;
}

function badShape(what: string, why: string): HarnessError {
  return new HarnessError('BAD_SHAPE', `${what}: ${why}`, {
    hint: 'ask for another number of series or edges',
    exitCode: EXIT.invalidInput,
  });
}

const described = new Map<string, ShapeDescription>();

/** What stands on a page of this shape: rendered once by the telemetry of its version, and counted. */
export function describeShape(shape: PageShape): ShapeDescription {
  const { version, edges, services, routes, clients, thirdStatuses } = shape;
  const key = JSON.stringify([version, edges, services, routes, clients, thirdStatuses]);
  let found = described.get(key);
  if (found === undefined) {
    found = describePage(new Traffic(shape).render());
    described.set(key, found);
  }
  return found;
}

function describePage(text: string): ShapeDescription {
  const families = new Map<string, FamilySize>();
  let histogram = '';
  let series = 0;
  for (const line of text.split('\n')) {
    if (line.startsWith('# TYPE ')) {
      const [, , name = '', type] = line.split(' ');
      histogram = type === 'histogram' ? name : '';
    }
    if (line === '' || line.startsWith('#')) continue;
    series++;
    const sample = line.slice(0, line.search(/[{ ]/));
    const name = histogram !== '' && sample.startsWith(histogram) ? histogram : sample;
    const family = families.get(name);
    if (family) family.series++;
    else families.set(name, { name, series: 1 });
  }
  return { series, bytes: text.length, families: [...families.values()] };
}
