import { describe, expect, it } from 'vitest';
import { parseScenario } from '../load.ts';
import { shapeDurationMs } from '../model.ts';

const scenario = (stream: string, services = '[{ name: web }]') =>
  parseScenario(
    `{ apiVersion: meshproof/v1, kind: Scenario, metadata: { name: x }, services: ${services}, traffic: [${stream}] }`,
    'f',
  );
const maxVUs = (stream: string, services?: string) => {
  const { shape } = scenario(stream, services).traffic[0]!;
  return 'maxVUs' in shape ? shape.maxVUs : null;
};

describe('spike', () => {
  it('is a ramp up and down in the middle of its duration', () => {
    const { shape } = scenario('{ executor: spike, target: web, base: 20/s, peak: 250/s, duration: 10s }').traffic[0]!;
    expect(shape).toMatchObject({
      executor: 'ramping-arrival-rate',
      startRatePerSecond: 20,
      stages: [
        { ratePerSecond: 20, durationMs: 3500 },
        { ratePerSecond: 250, durationMs: 500 },
        { ratePerSecond: 250, durationMs: 2000 },
        { ratePerSecond: 20, durationMs: 500 },
        { ratePerSecond: 20, durationMs: 3500 },
      ],
    });
  });

  it('lasts as long as it says, whatever the parts', () => {
    for (const parts of ['', ', hold: 1.7s', ', ramp: 0s', ', hold: 3333ms, ramp: 777ms', ', hold: 9.999s, ramp: 0s']) {
      const [stream] = scenario(
        `{ executor: spike, target: web, base: 1/s, peak: 2/s, duration: 9.999s${parts} }`,
      ).traffic;
      expect(shapeDurationMs(stream!.shape)).toBeCloseTo(9999, 6);
    }
  });
});

describe('maxVUs', () => {
  it('is one second of requests, but ten at least', () => {
    expect(maxVUs('{ executor: constant-arrival-rate, target: web, rate: 80/s, duration: 5s }')).toBe(80);
    expect(maxVUs('{ executor: constant-arrival-rate, target: web, rate: 0.5/s, duration: 5s }')).toBe(10);
    expect(maxVUs('{ executor: spike, target: web, base: 5/s, peak: 300/s, duration: 5s }')).toBe(300);
  });

  it('follows from how long the target takes, its calls and their timeouts included', () => {
    const stream = '{ executor: constant-arrival-rate, target: web, rate: 10/s, duration: 5s }';
    expect(maxVUs(stream, '[{ name: web, latency: 2s, calls: [{ service: db }] }, { name: db, latency: 1s }]')).toBe(
      60,
    );
    const twoSlow = '{ name: db, latency: 9s }, { name: log, latency: 3s }]';
    expect(
      maxVUs(
        stream,
        `[{ name: web, calls: [{ parallel: [{ service: db, timeout: 4s }, { service: log }] }] }, ${twoSlow}`,
      ),
    ).toBe(80);
    expect(maxVUs(stream, '[{ name: web, errors: [{ hang: true, rate: 20% }] }]')).toBe(60);
    expect(maxVUs(stream.replace('duration', 'timeout: 1s, duration'), '[{ name: web, latency: 60s }]')).toBe(20);
  });

  it('is what the user says, when they say it', () => {
    expect(maxVUs('{ executor: constant-arrival-rate, target: web, rate: 80/s, duration: 5s, maxVUs: 3 }')).toBe(3);
  });
});

describe('targets', () => {
  const services = `[{ name: web, namespace: shop, routes: [{ path: /checkout }, { path: / }] },
    { name: checkout, namespace: web }, { name: shop, routes: [{ path: /web }, { path: /deep/er }] }]`;
  const target = (text: string) => {
    const { service, path } = scenario(`{ executor: constant-vus, target: ${text}, vus: 1, duration: 5s }`, services)
      .traffic[0]!.requests[0]!;
    return `${service} ${path}`;
  };

  it('are services by their short or full name, with a path', () => {
    expect(target('web')).toBe('shop/web /');
    expect(target('shop/web/checkout')).toBe('shop/web /checkout');
    expect(target('shop/deep/er')).toBe('default/shop /deep/er');
  });

  it('are refused when they could be two', () => {
    expect(() => target('shop/web')).toThrow('could be shop/web/ or default/shop/web');
    expect(() => target('web/checkout')).toThrow('could be web/checkout/ or shop/web/checkout');
    expect(target('default/shop/web')).toBe('default/shop /web');
  });
});
