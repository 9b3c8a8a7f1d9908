import { parseScenario } from '../../scenario/load.ts';
import type { Scenario } from '../../scenario/model.ts';

/** load -> web -> cart (two pods), without errors; so many requests per second for eight seconds. */
export function chain(ratePerSecond: number): Scenario {
  return parseScenario(
    `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: chain, description: "The load generator calls web, web calls cart." }
namespace: shop
seed: 1
mesh: { scrapeInterval: 2s }
services:
  - { name: web, latency: 1ms, calls: [{ service: cart, path: /items }] }
  - { name: cart, replicas: 2, routes: [{ path: /items, latency: 4ms }] }
traffic:
  - { name: shoppers, executor: constant-arrival-rate, target: web, rate: ${ratePerSecond}/s, duration: 8s }
`,
    'chain.yaml',
  );
}
