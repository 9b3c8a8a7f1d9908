import { expect, test } from 'vitest';
import { parseScenario } from '../scenario/load.ts';
import { planLoad } from './plan.ts';

const SCENARIO = `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: plan, description: An open and a closed stream. }
namespace: shop
services: [{ name: web }]
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 40/s, duration: 5s, maxVUs: 30 }
  - { executor: constant-vus, target: web, vus: 7, duration: 5s }
`;

test('headroom is for users of an open model alone, and changes no rate', () => {
  const { traffic } = planLoad(parseScenario(SCENARIO, 'plan.yaml'), { hosts: {}, pod: 'load', userHeadroom: 4 });
  expect(traffic.map((spec) => spec.shape)).toMatchObject([
    { executor: 'constant-arrival-rate', ratePerSecond: 40, maxVUs: 120 },
    { executor: 'constant-vus', vus: 7 },
  ]);
});
