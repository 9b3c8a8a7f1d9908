import { expect, test } from 'vitest';
import { REAL_EVENTS } from './catalogue.ts';
import { countsPerEvent } from './counts.ts';
import { eventsScenario } from './scenario.ts';

test.each(REAL_EVENTS)('$id is a scenario', (event) => {
  const scenario = eventsScenario([event]);
  expect(scenario.services.map((s) => s.name)).toEqual([`app-${event.id}`, 'web']);
  expect(scenario.policies?.length ?? 0).toBe(event.policies?.length ?? 0);
  expect(scenario.routing?.length ?? 0).toBe(event.routing?.length ?? 0);
});

test('counts are those of one event, of the direction that the pod has in it', () => {
  const client = [
    'request_total{direction="outbound",dst_pod="web-1"} 40',
    'request_total{direction="inbound"} 20',
    'inbound_http_requests_total{route_name="default"} 20',
    '',
  ].join('\n');
  const server = 'request_total{direction="inbound"} 20\n';
  expect(countsPerEvent({ client, server }, 20, 'requests')).toEqual({
    client: { request_total: 2 },
    server: { request_total: 1 },
  });
});
