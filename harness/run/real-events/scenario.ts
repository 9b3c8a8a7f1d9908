import { stringify } from 'yaml';
import { parseScenario } from '../../scenario/load.ts';
import type { Scenario } from '../../scenario/model.ts';
import type { RealEvent } from './catalogue.ts';

/** How often each event happens, one after the other. */
const RATE_PER_SECOND = 4;
const SECONDS = 5;

/** Namespace of an event's two services. */
export function namespaceOf(event: RealEvent): string {
  return `e-${event.id}`;
}

/**
 * The service that makes the event happen. Its name is its own in the cluster: linkerd2-proxy takes Services of one name in
 * several namespaces for one in its route families (docs/verification.md), and the load generator calls them all.
 */
export function clientOf(event: RealEvent): string {
  return `app-${event.id}`;
}

/** One scenario in which all these events happen side by side, each in a namespace of its own. */
export function eventsScenario(events: readonly RealEvent[]): Scenario {
  const file = {
    apiVersion: 'meshproof/v1',
    kind: 'Scenario',
    metadata: { name: 'events' },
    services: events.flatMap((event) => {
      const namespace = namespaceOf(event);
      const call = { service: 'web', timeout: '10s', onFailure: 'ignore', ...event.call };
      return [
        { name: clientOf(event), namespace, calls: [call] },
        { name: 'web', namespace, ...event.web },
      ];
    }),
    routing: events.flatMap((event) => (event.routing ?? []).map((object) => placed(object, namespaceOf(event)))),
    policies: events.flatMap((event) => (event.policies ?? []).map((object) => placed(object, namespaceOf(event)))),
    traffic: events.map((event) => ({
      name: event.id,
      executor: 'constant-arrival-rate',
      target: `${namespaceOf(event)}/${clientOf(event)}/`,
      rate: `${RATE_PER_SECOND}/s`,
      duration: `${SECONDS}s`,
    })),
  };
  return parseScenario(stringify(file), 'events.yaml');
}

/** An object as it is written for a namespace: some are told theirs, others by what they belong to. */
function placed(object: Record<string, unknown>, namespace: string): Record<string, unknown> {
  const { kind, service, server } = object;
  const full = (name: unknown) => `${namespace}/${String(name)}`;
  return {
    ...(kind === 'ServiceProfile' || (kind === 'HTTPRoute' && server !== undefined) ? {} : { namespace }),
    ...object,
    ...(service === undefined ? {} : { service: full(service) }),
    ...(server === undefined ? {} : { server: full(server) }),
    ...(object.route === undefined ? {} : { route: full(object.route) }),
  };
}
