import { readFileSync, statSync } from 'node:fs';
import { z } from 'zod';
import { concerns } from './behaviour/timeline.ts';
import { misfits } from './config-protocol.ts';
import { APP_PATHS, type ServiceProcessConfig, type WorkloadConfig } from './contract.ts';
import { EXIT, ServiceFailure } from './failure.ts';

/** setTimeout takes no longer waits. */
const MAX_MS = 2 ** 31 - 1;
/** Above what any server takes, so that a header that is too large can be tried. */
const MAX_HEADER_BYTES = 1024 * 1024;
const MAX_BYTES = 256 * 1024 * 1024;
const MAX_CONCURRENCY = 10_000;

const ms = z.number().min(0).max(MAX_MS);
const rate = z.number().min(0).max(1);
const bytes = z.int().min(0).max(MAX_BYTES);
const port = z.int().min(1).max(65535);
const text = z.string().min(1).max(1000);
const quantile = z.strictObject({ q: z.number().gt(0).lt(1), ms: z.number().gt(0).max(MAX_MS) });
const method = z.enum(['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD']);
const anyMethod = z.enum([...method.options, 'CONNECT']);
const protocol = z.enum(['http', 'http2', 'grpc', 'tcp']);
const headerBytes = z.int().min(0).max(MAX_HEADER_BYTES);
const chunks = z.int().min(1).max(100_000);
const address = z.strictObject({ host: text, port });
/** What may stand in a request line as it is, so that a path compares equal to what arrives. */
const plainPath = z.string().regex(/^\/[A-Za-z0-9\-._~!$&'()*+,;=:@%/]*$/, 'an absolute path without query');

const distribution = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('constant'), ms }),
  z
    .strictObject({ kind: z.literal('uniform'), minMs: ms, maxMs: ms })
    .refine((d) => d.minMs <= d.maxMs, 'minMs is above maxMs'),
  z.strictObject({ kind: z.literal('normal'), meanMs: ms, stddevMs: ms }),
  z
    .strictObject({ kind: z.literal('lognormal'), low: quantile, high: quantile })
    .refine((d) => d.low.q < d.high.q && d.low.ms <= d.high.ms, 'low must lie below high, in q and in ms'),
  z.strictObject({
    kind: z.literal('bimodal'),
    get fast() {
      return distribution;
    },
    get slow() {
      return distribution;
    },
    slowRate: rate,
  }),
  z.strictObject({
    kind: z.literal('empirical'),
    quantiles: z
      .array(z.strictObject({ q: rate, ms }))
      .min(2)
      .refine((list) => list[0]?.q === 0 && list.at(-1)?.q === 1, 'the first q must be 0, the last 1')
      .refine(
        (list) => list.every((at, i) => i === 0 || (at.q >= list[i - 1]!.q && at.ms >= list[i - 1]!.ms)),
        'must ascend in q and ms',
      ),
  }),
]);

const status = z.int().min(200).max(599);
const errors = z
  .array(
    z.discriminatedUnion('kind', [
      z.strictObject({ kind: z.literal('status'), status, rate }),
      z.strictObject({ kind: z.literal('hang'), rate }),
      z.strictObject({ kind: z.literal('reset'), rate, when: z.enum(['before-headers', 'mid-body']) }),
      z.strictObject({ kind: z.literal('close'), rate }),
      z.strictObject({ kind: z.literal('grpc'), code: z.int().min(1).max(16), rate }),
      z.strictObject({ kind: z.literal('no-trailers'), rate }),
    ]),
  )
  .refine((rules) => rules.reduce((sum, rule) => sum + rule.rate, 0) <= 1 + 1e-9, 'the rates add up to more than 1');
const body = z.strictObject({ bytes, chunks, overMs: ms });

const call = z.strictObject({
  service: z.string().regex(/^[^/]+\/[^/]+$/, 'namespace/service'),
  authority: text,
  port,
  protocol: protocol.optional(),
  method: anyMethod,
  path: z.string().regex(/^\/[\x21-\x7e]*$/, 'must begin with / and have no spaces'),
  requestBytes: bytes,
  requestChunks: chunks.optional(),
  requestOverMs: ms.optional(),
  headerBytes: headerBytes.optional(),
  ownConnection: z.boolean().optional(),
  cancelAfterMessages: z.int().min(1).optional(),
  exchanges: z.int().min(1).max(100_000).optional(),
  serverSpeaksFirst: z.boolean().optional(),
  timeoutMs: z.number().gt(0).max(MAX_MS).nullable(),
  onFailure: z.enum(['propagate', 'ignore']),
});
const route = z.strictObject({
  method: anyMethod.nullable(),
  path: plainPath.refine(
    (path) => path !== APP_PATHS.health && path !== APP_PATHS.ready,
    'is taken by the health and readiness probes',
  ),
  status,
  streams: z.boolean().optional(),
  headerBytes: headerBytes.optional(),
  informational: z.literal([100, 102, 103]).optional(),
  chunked: z.boolean().optional(),
  latency: distribution,
  errors,
  body,
  steps: z.array(z.array(call)),
});
const change = z
  .strictObject({
    atMs: z.number(),
    untilMs: z.number().nullable(),
    path: z.string().nullable(),
    method: method.nullable(),
    change: z.strictObject({ latency: distribution.optional(), errors: errors.optional(), body: body.optional() }),
  })
  .refine((c) => c.untilMs === null || c.atMs < c.untilMs, 'atMs must lie before untilMs');
const pod = z.strictObject({
  pod: text,
  replica: z.int().min(0),
  listen: address,
  admin: z.strictObject({ host: text, port: z.int().min(0).max(65535) }),
  egress: address.nullable(),
  egressOf: z.record(text, z.array(address).min(1)).optional(),
  speaksAfterMs: z.number().positive().optional(),
  journalDir: z.string().refine(isFolder, 'is not a folder that exists'),
  incarnation: text,
});
const workload = z.strictObject({
  namespace: text,
  name: text,
  seed: z.number(),
  routes: z.array(route),
  timeline: z.array(change),
  protocol: protocol.optional(),
  serverSpeaksFirst: z.boolean().optional(),
  concurrency: z.int().min(1).max(MAX_CONCURRENCY).optional(),
  pods: z.array(pod).min(1),
});
const schema = z.strictObject({ workloads: z.array(workload).min(1) }).superRefine((config, context) => {
  const issue = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message });
  const addresses = new Set<string>();
  const pods = new Set<string>();
  config.workloads.forEach((each, w) => {
    const routes = new Set<string>();
    each.routes.forEach((r, i) => {
      if (!unseen(routes, `${r.method} ${r.path}`)) issue(['workloads', w, 'routes', i], 'is declared twice');
    });
    for (const { at, message } of misfits(each as WorkloadConfig)) issue(['workloads', w, ...at], message);
    each.timeline.forEach((c, i) => {
      if (!(each as WorkloadConfig).routes.some((r) => concerns(c, r))) {
        issue(['workloads', w, 'timeline', i], `no route matches ${c.method ?? 'any method'} ${c.path ?? 'any path'}`);
      }
    });
    each.pods.forEach((p, i) => {
      const at = ['workloads', w, 'pods', i];
      if (!unseen(pods, `${each.namespace}/${p.pod}`)) issue([...at, 'pod'], `${p.pod} is declared twice`);
      for (const key of ['listen', 'admin'] as const) {
        const { host, port } = p[key];
        if (port !== 0 && !unseen(addresses, `${host}:${port}`)) issue([...at, key], `${host}:${port} is used twice`);
      }
    });
  });
});

/**
 * Checks a configuration, everything at once.
 * @throws ServiceFailure BAD_CONFIG with one line a problem
 */
export function parseConfig(value: unknown, source = 'configuration'): ServiceProcessConfig {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `${placeOf(issue.path)}: ${issue.message}`);
  throw new ServiceFailure('BAD_CONFIG', EXIT.config, `${source}: ${problems.join('; ')}`, { problems });
}

/** @throws ServiceFailure BAD_CONFIG also when there is no such file, or no JSON in it */
export function readConfig(file: string | undefined): ServiceProcessConfig {
  if (!file) {
    throw new ServiceFailure('BAD_CONFIG', EXIT.config, 'MESHPROOF_SERVICE_CONFIG does not name a file');
  }
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new ServiceFailure('BAD_CONFIG', EXIT.config, `${file}: ${(cause as Error).message}`);
  }
  return parseConfig(value, file);
}

/** `workloads[0].pods[1].listen.port`. */
function placeOf(path: PropertyKey[]): string {
  return path.reduce<string>(
    (text, key) => (typeof key === 'number' ? `${text}[${key}]` : text ? `${text}.${String(key)}` : String(key)),
    '',
  );
}

function unseen(seen: Set<string>, key: string): boolean {
  if (seen.has(key)) return false;
  seen.add(key);
  return true;
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
