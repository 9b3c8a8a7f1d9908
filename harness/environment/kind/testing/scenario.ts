import { parseScenario } from '../../../scenario/load.ts';
import type { Scenario } from '../../../scenario/model.ts';

/** Two services in two namespaces, two replicas of the second. */
export function aScenario(change: Partial<Scenario> = {}): Scenario {
  const text = `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: two, description: Two services. }
namespace: shop
seed: 7
mesh: { version: "2.20", scrapeInterval: 2s, probeInterval: 1500ms }
services:
  - { name: web, port: 8080, calls: [{ service: store/cart, path: /items }] }
  - { name: cart, namespace: store, replicas: 2, appPort: 9000, labels: { team: blue }, serviceAccount: shared, routes: [{ path: /items }] }
traffic:
  - { executor: constant-arrival-rate, target: web, rate: 5/s, duration: 10s }
timeline:
  - { at: 1s, for: 1s, service: store/cart, errors: [{ status: 500, rate: 30% }] }
`;
  return { ...parseScenario(text, 'two.yaml'), ...change };
}
