import { describe, expect, it } from 'vitest';
import { attemptRequests, attemptResponses } from './attempts.ts';
import type { Reading } from './bounds.ts';
import type { Scope } from './scope.ts';
import type { Made, Served } from './truth.ts';

const REST: Reading = { fromMs: Infinity, untilMs: Infinity, settled: true };

/** One request that was answered in the end, by its only attempt that a callee has seen. */
function once(durationMs: number, limit: number): Scope {
  const times = { startMs: 0, firstByteMs: durationMs, endMs: durationMs };
  const request = { ...times, outcome: 'completed' };
  const own = { ...times, request, kind: 'ok', status: 200, refusal: null, path: { retry: { limit } } };
  const served = { request: { ...request, startMs: durationMs - 5 }, status: 200 };
  const lists = { maybe: [], elsewhere: [], othersKnown: [], othersMaybe: [], failfast: [], servedElsewhere: [] };
  return {
    ...{ side: 'outbound', retries: 'attempts', alone: true, calleesRestart: false, protocol: 'http' },
    ...{ ...lists, refused: [], refusedMaybe: [], cache: new Map(), bounds: new Map() },
    ...{
      madeKinds: new Map(),
      servedKinds: new Map(),
      statuses: new Map(),
      madeLines: new Map(),
      servedLines: new Map(),
      mayHave: () => true,
      release: () => {},
    },
    own: [own as unknown as Made],
    served: [served as unknown as Served],
  } as Scope;
}

describe('attempts that no callee has seen', () => {
  it.each([
    ['a request of less than a second had none', 999, 3, 0],
    ['each takes a second, until its proxy gives the connection up', 2500, 3, 2],
    ['there are no more of them than retries', 9000, 3, 3],
  ])('%s', (_what, durationMs, limit, most) => {
    const ground = { scope: once(durationMs, limit), marginMs: 0 };
    expect(attemptRequests(ground)(REST)).toEqual({ low: 1, high: 1 + most });
    const style = { layer: 'endpoint', legacy: true } as const;
    expect(attemptResponses(ground, { kind: 'ok', status: 504 }, style)(REST)).toEqual({ low: 0, high: most });
    expect(attemptResponses(ground, { kind: 'ok', status: 200 }, style)(REST)).toEqual({ low: 1, high: 1 });
  });
});
