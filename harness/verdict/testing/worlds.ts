import { Rng } from './rng.ts';
import type { WorldSpec } from './world.ts';

/** A random world, told by its seed: one in three calm, the others with everything that can go wrong. */
export function randomWorld(seed: number, requests = 120): WorldSpec {
  return worldOf(seed, requests);
}

/** The same without restarts, but every pod is replaced by another: callees first, one after the other. */
export function rolledOutWorld(seed: number, requests = 120): WorldSpec {
  const world = worldOf(seed, requests);
  const rng = new Rng(seed * 15485863 + 5);
  const pods = world.services.flatMap(({ replicas }, service) =>
    Array.from({ length: replicas }, (_, replica) => ({ service, replica })),
  );
  const stepMs = (world.durationMs * 0.8) / pods.length;
  const replaced = pods.toReversed().map((pod, i) => ({
    ...pod,
    atMs: 0.1 * world.durationMs + (i + rng.next()) * stepMs,
    aheadMs: rng.between(80, 600),
  }));
  return { ...world, restarts: [], replaced };
}

/** The same with services of gRPC among them. */
export function grpcWorld(seed: number, requests = 120): WorldSpec {
  const world = worldOf(seed, requests);
  const services = world.services.map((s, i) => ({ ...s, grpc: (seed + i) % 2 === 0 || i === 0 }));
  return { ...world, services };
}

/** The same with Servers, authorizations, limits, routes, splits and retries. */
export function policyWorld(seed: number, requests = 120): WorldSpec {
  const world = worldOf(seed, requests);
  const rng = new Rng(seed * 104729 + 3);
  const grpc = rng.chance(0.3);
  const n = world.services.length;
  const services = world.services.map((s, i) => {
    const account = i === 0 ? 'load' : `s${i - 1}`;
    const server = {
      accounts: rng.chance(0.5) ? [account, ...(rng.chance(0.5) ? ['load'] : [])] : null,
      routes: !grpc && rng.chance(0.4),
      limitRate: rng.chance(0.3) ? 0.2 * rng.next() : 0,
    };
    const route = { backends: i + 1 < n ? [i, i + 1] : [i], retries: rng.chance(0.6) ? rng.int(1, 2) : 0 };
    return {
      ...s,
      grpc,
      shared: false,
      replicas: Math.min(2, s.replicas),
      ...(rng.chance(0.6) && { server }),
      ...(rng.chance(0.6) && { route }),
      profile: seed % 4 === 1,
    };
  });
  return { ...world, services };
}

function worldOf(seed: number, requests: number): WorldSpec {
  const rng = new Rng(seed * 7919 + 17);
  const calm = seed % 3 === 0;
  const n = rng.int(1, 4);
  const durationMs = 4000;
  const rate = (p: number): number => (!calm && rng.chance(0.4) ? p * rng.next() : 0);
  const services = Array.from({ length: n }, (_, i) => {
    const min = rng.between(0, 30);
    return {
      replicas: rng.int(1, 3),
      calls: Array.from({ length: n - i - 1 }, (_, k) => i + 1 + k).filter((k) => k === i + 1 || rng.chance(0.3)),
      latencyMs: { min, max: min + rng.between(0, 120) },
      errorRate: rng.chance(0.5) ? 0.3 * rng.next() : 0,
      hangRate: rate(0.1),
      resetRate: rate(0.15),
      midRate: rate(0.15),
      streamMs: rng.chance(0.4) ? rng.between(1, 300) : 0,
      postRate: rng.next(),
      timeoutMs: rng.between(150, 2000),
      shared: rng.chance(0.2),
    };
  });
  const restarts =
    calm || rng.chance(0.5)
      ? []
      : Array.from({ length: rng.int(1, 2) }, () => {
          const service = rng.int(0, n - 1);
          const replica = rng.int(0, services[service]!.replicas - 1);
          return { service, replica, atMs: rng.between(500, 3200), downMs: rng.between(150, 900) };
        });
  const distinct = restarts.filter(
    (r, i) => restarts.findIndex((o) => o.service === r.service && o.replica === r.replica) === i,
  );
  return {
    seed,
    services,
    requests,
    durationMs,
    scrapeIntervalMs: rng.between(400, 1000),
    skewMs: rng.chance(0.5) ? rng.between(0, 5) : 0.1,
    restarts: distinct,
  };
}
