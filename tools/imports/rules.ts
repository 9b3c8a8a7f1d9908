/** Who may import whom. The list is complete: a file that no part covers is an error, so that a new folder gets its rule. */
export interface Part {
  /** A folder with its slash, or a file. */
  path: string;
  /** Folders and files it may import beside its own. */
  may: string[];
  /** What its tests may import besides. */
  testsMay?: string[];
  why: string;
}

const CONTRACT = 'sim-services/contract.ts';
/** What every part of the harness may build on. */
const BASE = ['harness/core/', CONTRACT];
const MODEL = [...BASE, 'harness/scenario/'];

/** The first part that covers a file counts. */
export const PARTS: Part[] = [
  { path: CONTRACT, may: [], why: 'the services and every reader share it; it must not pull anything in' },
  { path: 'sim-services/', may: [CONTRACT], why: 'the services know nothing of the harness' },
  { path: 'harness/core/', may: [], why: 'everything stands on it' },
  {
    path: 'harness/scenario/',
    may: [...BASE, 'harness/prometheus/promql/'],
    why: 'a scenario is data, and queries are of it',
  },
  { path: 'harness/causes/', may: [], why: 'the catalogue is data' },
  { path: 'harness/changes/', may: [], why: 'what is known of versions is data' },
  { path: 'harness/tools/', may: ['harness/core/'], why: 'finding programs has nothing to do with what they are for' },
  {
    path: 'harness/mesh/',
    may: MODEL,
    testsMay: ['harness/prometheus/', 'harness/ledger/'],
    why: 'the mesh does not know who runs it or judges it',
  },
  {
    path: 'harness/prometheus/relabel/',
    may: [...MODEL, 'harness/prometheus/', 'harness/evidence/types.ts'],
    testsMay: ['harness/mesh/'],
    why: 'pure functions from a configuration and a pod to its targets',
  },
  {
    path: 'harness/prometheus/',
    may: MODEL,
    testsMay: ['harness/mesh/'],
    why: 'a client and a configuration, whoever uses them',
  },
  { path: 'harness/load/', may: MODEL, why: 'the load generator does not know what is behind the addresses' },
  {
    path: 'harness/faults/',
    may: [...MODEL, 'harness/mesh/', 'harness/prometheus/'],
    why: 'what is done to a mesh; environments do it when they are told to',
  },
  {
    path: 'harness/evidence/types.ts',
    may: ['harness/core/', 'harness/prometheus/client.ts'],
    why: 'evidence is data',
  },
  {
    path: 'harness/evidence/',
    may: [...MODEL, 'harness/prometheus/', 'harness/ledger/', 'harness/environment/contract.ts'],
    testsMay: ['harness/mesh/'],
    why: 'it reads what a mesh shows, and knows no verdict',
  },
  {
    path: 'harness/environment/',
    may: [...MODEL, 'harness/mesh/', 'harness/prometheus/', 'harness/faults/', 'harness/evidence/types.ts'],
    testsMay: ['harness/load/'],
    why: 'it brings the mesh and Prometheus up, and knows no verdict',
  },
  {
    path: 'harness/ledger/',
    may: [...MODEL, 'harness/prometheus/', 'harness/environment/contract.ts'],
    why: 'it reads what an environment offers, in the terms of the contract',
  },
  { path: 'harness/result/', may: BASE, why: 'the record of a run is data' },
  {
    path: 'harness/verdict/diagnose/',
    may: [
      ...MODEL,
      'harness/verdict/',
      'harness/causes/',
      'harness/changes/',
      'harness/ledger/types.ts',
      'harness/result/types.ts',
      'harness/evidence/types.ts',
      'harness/prometheus/relabel/',
      'harness/prometheus/promql/',
      'harness/prometheus/client.ts',
    ],
    why: 'pure functions from evidence to causes; what was injected is out of their sight',
  },
  {
    path: 'harness/verdict/timeline/',
    may: [
      ...MODEL,
      'harness/verdict/',
      'harness/ledger/types.ts',
      'harness/result/types.ts',
      'harness/result/timeline/types.ts',
    ],
    testsMay: ['harness/result/'],
    why: 'pure functions from what the judge told to what charts are drawn from',
  },
  {
    path: 'harness/verdict/',
    may: [...MODEL, 'harness/ledger/types.ts', 'harness/result/types.ts'],
    why: 'pure functions from ledgers to a result',
  },
  { path: 'harness/matrix/record.ts', may: ['harness/result/types.ts'], why: 'the record of a matrix is data' },
  {
    path: 'harness/report/',
    may: ['harness/core/', 'harness/result/', 'harness/matrix/record.ts', 'harness/causes/'],
    testsMay: ['harness/matrix/testing/', 'harness/matrix/schema.ts'],
    why: 'reports see records only, and the catalogue that records name causes of',
  },
  { path: 'harness/docs/', may: ['harness/', CONTRACT], why: 'documents are made from what users see' },
  { path: 'harness/cli/', may: ['harness/', CONTRACT], why: 'on top' },
  {
    path: 'harness/bench/micro/',
    may: ['harness/', '!harness/cli/', CONTRACT, 'sim-services/behaviour/'],
    why: 'it measures parts of the project, whosever they are',
  },
  // Those that compose: everything but the command line.
  ...[
    'harness/index.ts',
    'harness/run.ts',
    'harness/run.test.ts',
    'harness/run.integration.test.ts',
    'harness/run/',
    'harness/bench/',
    'harness/dashboards/',
    'harness/matrix/',
    'harness/doctor/',
    'harness/upgrade/',
  ].map((path) => ({
    path,
    may: ['harness/', '!harness/cli/', CONTRACT],
    why: 'it composes; the command line is above it',
  })),
  {
    path: 'tools/package/',
    may: ['harness/environment/kind/images/bundle.ts'],
    testsMay: ['tools/imports/rules.ts', 'harness/run/testing/expect-passed.ts', 'harness/result/types.ts'],
    why: 'the build of the package makes what the package reads, and knows nothing else of it',
  },
  {
    path: 'tools/screenshots/',
    may: ['harness/report/', 'harness/result/', 'harness/core/'],
    why: 'it shows what reports look like, and runs the command line as a user does',
  },
  { path: 'tools/', may: [], why: 'checks of the repository stand alone' },
];

/** Packages that programs use: the npm package has them compiled in, and brings no other. */
export const COMPILED_IN = [
  '@dagrejs/dagre',
  '@grpc/grpc-js',
  '@kubernetes/client-node',
  '@lezer/common',
  '@prometheus-io/lezer-promql',
  'commander',
  'echarts',
  'fastify',
  'prom-client',
  'protobufjs',
  'tar-stream',
  'testcontainers',
  'undici',
  'yaml',
  'yauzl',
  'zod',
];

/** What only a checkout needs of the others, outside tests and tools. */
export const CHECKOUT_ONLY = [
  {
    file: 'harness/environment/kind/images/bundle.ts',
    packages: ['esbuild'],
    why: 'it makes the programs of images; the npm package has them made',
  },
];

/** Packages that only their owners import. */
export const CONFINED: { packages: string[]; to: string[]; why: string }[] = [
  {
    packages: ['node:child_process', 'execa'],
    to: ['harness/core/', 'harness/cli/testing/', 'sim-services/testing/', 'tools/'],
    why: 'children must be in the list of those that are ended',
  },
  {
    packages: ['@kubernetes/client-node'],
    to: ['harness/environment/'],
    why: 'the cluster is reached through environments',
  },
  {
    packages: ['testcontainers'],
    to: ['harness/tools/', 'harness/environment/'],
    why: 'containers are a way to come by a tool or an environment',
  },
];

/** Modules that do I/O: nothing for a folder of pure functions. */
export const PURE = {
  path: 'harness/verdict/',
  banned:
    /^(?:node:(?:fs|net|http|https|http2|tls|dgram|dns|worker_threads|child_process)(?:\/.*)?|undici|fastify|execa)$/,
  why: 'a verdict does no I/O',
};

/** Ending the process skips every disposal; only these may. */
export const MAY_EXIT = ['harness/cli/', 'sim-services/main.ts'];

/** Code that runs only in tests and benchmarks: it may use development dependencies. */
export const isTestCode = (file: string) =>
  /(?:\.(?:test|bench)\.ts$|\/testing\.ts$|\/testing\/|^harness\/bench\/micro\/)/.test(file);
