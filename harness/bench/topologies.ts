/** client -> web -> cart -> db as a scenario file: no injected latency or errors. */
export function chainScenario(load: { seconds: number } & ({ vus: number } | { ratePerSecond: number })): string {
  const traffic =
    'vus' in load
      ? `{ executor: constant-vus, vus: ${load.vus}, duration: ${load.seconds}s, target: web/ }`
      : `{ executor: constant-arrival-rate, rate: ${load.ratePerSecond}/s, duration: ${load.seconds}s, target: web/ }`;
  return `apiVersion: meshproof/v1
kind: Scenario
metadata: { name: bench-chain, description: A chain without injected latency. }
seed: 1
mesh: { version: "2.20", scrapeInterval: 2s }
services:
  - name: web
    namespace: shop
    latency: 0ms
    routes: [{ path: /, calls: [{ service: cart, path: / }] }]
  - name: cart
    namespace: shop
    latency: 0ms
    routes: [{ path: /, calls: [{ service: db, path: / }] }]
  - name: db
    namespace: shop
    latency: 0ms
traffic:
  - ${traffic}
`;
}
