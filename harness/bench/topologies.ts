export type ChainLoad = { warmupSeconds: number; seconds: number } & ({ vus: number } | { ratePerSecond: number });

/** client -> web -> cart -> db as a scenario file: no injected latency or errors. The load is full after the warm-up. */
export function chainScenario(load: ChainLoad): string {
  const { warmupSeconds, seconds } = load;
  const traffic =
    'vus' in load
      ? `{ executor: constant-vus, vus: ${load.vus}, duration: ${warmupSeconds + seconds}s, target: web/ }`
      : `{ executor: ramping-arrival-rate, startRate: ${Math.ceil(load.ratePerSecond / 10)}/s, target: web/, maxVUs: 400,
    stages: [{ rate: ${load.ratePerSecond}/s, duration: ${warmupSeconds}s }, { rate: ${load.ratePerSecond}/s, duration: ${seconds}s }] }`;
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
