import { expect, test } from 'vitest';
import type { TrafficShape } from '../scenario/model.ts';
import { compileProto } from '../scenario/proto.ts';
import type { LoadPlan } from './plan.ts';
import { renderK6Script } from './script.ts';
import { plan, stream } from './testing.ts';

/** The data of a rendered script. */
function dataOf(shape: TrafficShape, startMs = 0) {
  return dataIn(plan([stream(shape, [{ path: '/a', service: 'shop/pay', timeoutMs: 2000 }], startMs)]));
}

function dataIn(from: LoadPlan) {
  const [, json = ''] = renderK6Script(from).text.match(/^const plan = (\{[\s\S]*?^\});$/m) ?? [];
  return JSON.parse(json);
}

test('a constant arrival rate', () => {
  const data = dataOf({ executor: 'constant-arrival-rate', ratePerSecond: 0.5, durationMs: 9000, maxVUs: 3 }, 1500);
  expect(data.scenarios).toEqual({
    '0_a_stream': {
      executor: 'constant-arrival-rate',
      startTime: '1500ms',
      gracefulStop: '2500ms',
      env: { STREAM: '0' },
      rate: 1,
      timeUnit: '2s',
      duration: '9000ms',
      preAllocatedVUs: 3,
      maxVUs: 3,
    },
  });
});

test('a ramp, whose rates share one time unit', () => {
  const stages = [
    { ratePerSecond: 40, durationMs: 2000 },
    { ratePerSecond: 0, durationMs: 0 },
  ];
  const data = dataOf({ executor: 'ramping-arrival-rate', startRatePerSecond: 2.5, stages, maxVUs: 9 });
  expect(data.scenarios['0_a_stream']).toMatchObject({
    executor: 'ramping-arrival-rate',
    startRate: 5,
    timeUnit: '2s',
    stages: [
      { target: 80, duration: '2000ms' },
      { target: 0, duration: '0ms' },
    ],
    preAllocatedVUs: 9,
    maxVUs: 9,
  });
});

test('constant VUs', () => {
  const data = dataOf({ executor: 'constant-vus', vus: 20, durationMs: 1000 });
  expect(data.scenarios['0_a_stream']).toMatchObject({ executor: 'constant-vus', vus: 20, duration: '1000ms' });
});

test('times shorter than k6’s constant executors take', () => {
  const rate = dataOf({ executor: 'constant-arrival-rate', ratePerSecond: 7, durationMs: 400, maxVUs: 1 });
  expect(rate.scenarios['0_a_stream']).toMatchObject({
    executor: 'ramping-arrival-rate',
    startRate: 7,
    stages: [{ target: 7, duration: '400ms' }],
  });
  const vus = dataOf({ executor: 'constant-vus', vus: 4, durationMs: 400 });
  expect(vus.scenarios['0_a_stream']).toMatchObject({
    executor: 'ramping-vus',
    startVUs: 4,
    stages: [{ target: 4, duration: '400ms' }],
  });
});

test('requests', () => {
  const data = dataOf({ executor: 'constant-vus', vus: 1, durationMs: 1000 });
  expect(data.streams).toEqual([
    [
      {
        weight: 1,
        method: 'GET',
        url: 'http://pay.shop.svc.cluster.local:8080/a',
        bodyBytes: 0,
        params: { timeout: 2000, headers: { 'x-meshproof-caller': 'meshproof/load' } },
        start: 'shop%2Fpay,GET,%2Fa',
      },
    ],
  ]);
  expect(data).toMatchObject({ podHeader: 'x-meshproof-pod', meshErrorHeader: 'l5d-proxy-error', seed: 7, protos: [] });
});

const SHAPE = { executor: 'constant-vus', vus: 1, durationMs: 1000 } as const;

test('a connection of its own, and big headers', () => {
  const requests = [{ ownConnection: true, headerBytes: 5 }];
  expect(dataIn(plan([stream(SHAPE, requests)])).streams[0][0].params.headers).toEqual({
    'x-meshproof-caller': 'meshproof/load',
    'x-meshproof-padding': 'xxxxx',
    connection: 'close',
  });
});

test('gRPC: the method, the authority, and .proto files in which k6 finds the methods', () => {
  const requests = ['/shop.Pay/Charge', '/shop.Pay/Refund', '/meshproof.v1.Echo/Unary', '/Top/Ping'].map((path) => ({
    service: 'shop/echo',
    method: 'POST' as const,
    path,
    requestBytes: 100,
    timeoutMs: 700,
  }));
  const echo = { authority: 'echo.shop.svc.cluster.local', port: 80, protocol: 'grpc' as const };
  const base = plan([stream(SHAPE, requests)]);
  const withEcho = { ...base, services: { ...base.services, 'shop/echo': echo } };
  expect(dataIn(withEcho).streams[0][0]).toEqual({
    weight: 1,
    bodyBytes: 100,
    start: 'shop%2Fecho,POST,%2Fshop.Pay%2FCharge',
    rpc: {
      address: 'echo.shop.svc.cluster.local:80',
      authority: 'echo.shop.svc.cluster.local',
      method: '/shop.Pay/Charge',
      ownConnection: false,
    },
    params: { timeout: 700, metadata: { 'x-meshproof-caller': 'meshproof/load' }, discardResponseMessage: true },
  });
  const { files } = renderK6Script(withEcho);
  expect(dataIn(withEcho).protos).toEqual(files.map(({ name }) => name));
  // The compiler of scenarios reads them as k6's does.
  const methods = files.flatMap(({ text }) => compileProto(text));
  expect(methods.map(({ path }) => path)).toEqual(requests.map(({ path }) => path));
  expect(files.map(({ text }) => /padding = (\d+);/.exec(text)?.[1])).toEqual(['536870911', '1', '536870911']);
});

test('text that means something to String.replace is taken as it is', () => {
  const { text } = renderK6Script(
    plan([stream({ executor: 'constant-vus', vus: 1, durationMs: 1000 }, [{ path: "/$&$'" }])]),
  );
  expect(text).toContain("http://web.shop.svc.cluster.local/$&$'");
});

test('traffic to nobody', () => {
  const unknown = plan([stream({ executor: 'constant-vus', vus: 1, durationMs: 1000 }, [{ service: 'shop/nobody' }])]);
  expect(() => renderK6Script(unknown)).toThrow(
    expect.objectContaining({ code: 'UNKNOWN_SERVICE', hint: 'services: shop/web, shop/pay' }),
  );
});

test('an authority with further addresses is asked at each in turn, by its own name', () => {
  const shape: TrafficShape = { executor: 'constant-vus', vus: 1, durationMs: 1000 };
  const one = plan([stream(shape, [{ path: '/a', service: 'shop/pay', timeoutMs: 2000 }])]);
  const { authority, port } = one.services['shop/pay']!;
  const name = port === 80 ? authority : `${authority}:${port}`;
  const hosts = { [authority]: '127.0.0.2:1', [`2.${authority}`]: '127.0.0.3:1', [`3.${authority}`]: '127.0.0.4:1' };
  const [[spread]] = dataIn({ ...one, hosts }).streams;
  expect(spread.urls).toEqual([`http://${name}/a`, `http://2.${name}/a`, `http://3.${name}/a`]);
  expect(spread.params.headers.host).toBe(name);
  const [[alone]] = dataIn({ ...one, hosts: { [authority]: '127.0.0.2:1' } }).streams;
  expect(alone).not.toHaveProperty('urls');
  expect(alone.params.headers).not.toHaveProperty('host');
});
