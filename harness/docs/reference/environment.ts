import { GENERATED } from './text.ts';

interface Variable {
  name: string;
  meaning: string;
  /** Who reads it, where the code of meshproof does not: a package, or the tests. */
  by?: string;
}

/** What a user may set. A test compares with what the code reads. */
export const VARIABLES: Record<string, Variable[]> = {
  'Where programs are': [
    { name: 'MESHPROOF_K6', meaning: 'the k6 to use; `--k6` goes before it' },
    { name: 'MESHPROOF_PROMETHEUS', meaning: 'the Prometheus to use; `--prometheus` goes before it' },
    { name: 'MESHPROOF_KIND', meaning: 'the kind to use; `--kind` goes before it' },
    { name: 'MESHPROOF_LINKERD', meaning: 'the `linkerd` CLI to use; `--linkerd` goes before it' },
    { name: 'MESHPROOF_PROMTOOL', meaning: 'the promtool to use, where one is needed' },
    {
      name: 'MESHPROOF_RELEASES',
      meaning:
        'where releases are instead of https://github.com: a server with the same paths, or a folder ([air-gapped.md](../air-gapped.md))',
    },
    {
      name: 'HTTPS_PROXY',
      meaning: 'the proxy for downloads; `HTTP_PROXY` and `NO_PROXY` likewise, or in small letters',
      by: 'undici',
    },
    { name: 'PATH', meaning: 'where programs are looked for' },
    { name: 'DOCKER_HOST', meaning: "the Docker engine, as Docker's own CLI takes it" },
  ],
  'This machine': [
    {
      name: 'MESHPROOF_LOOPBACK',
      meaning:
        'addresses of a `local` run: a block like `127.77.3`, or `single` for ports of 127.0.0.1 alone; default: a block at random',
    },
    { name: 'XDG_CACHE_HOME', meaning: 'the cache is `meshproof` in it; default `~/.cache`' },
    {
      name: 'XDG_RUNTIME_DIR',
      meaning: 'where running processes are registered, for `meshproof clean`; default: the folder for temporary files',
    },
  ],
  'A cluster': [
    { name: 'KUBECONFIG', meaning: 'the kubeconfig of `doctor` and `--from-cluster`; `--kubeconfig` goes before it' },
    {
      name: 'MESHPROOF_SHARED_CLUSTER',
      meaning: 'name of the cluster that runs with `--reuse` share; default `meshproof`',
    },
    { name: 'MESHPROOF_BASE_IMAGE', meaning: 'image under those that are built; `--base-image` goes before it' },
    { name: 'MESHPROOF_GATEWAY_API', meaning: 'file with the definitions of the Gateway API, instead of its release' },
  ],
  Output: [
    { name: 'NO_COLOR', meaning: 'no colours ([no-color.org](https://no-color.org))' },
    { name: 'FORCE_COLOR', meaning: 'colours where there is no terminal; `0`: none' },
    { name: 'CI', meaning: 'nothing is redrawn in place: lines are written one after the other' },
    { name: 'TERM', meaning: '`dumb`: no colours, nothing is redrawn' },
    { name: 'MESHPROOF_DEBUG', meaning: 'errors are printed with where they arose' },
  ],
  'Tests of meshproof itself': [
    { name: 'MESHPROOF_TEST_MESH', meaning: '`make test-kind`: `linkerd` or `simulated`' },
    {
      name: 'MESHPROOF_TEST_SCENARIOS',
      meaning:
        '`make test-kind`: the shipped scenarios to run in the cluster, with commas between; default: all that say something there',
      by: 'tests',
    },
    { name: 'MESHPROOF_PROPERTY_SEED', meaning: 'seed of the tests that draw at random; one that fails prints it' },
    { name: 'MESHPROOF_CHROMIUM', meaning: 'the Chromium that looks at pages; default: one on the PATH', by: 'tests' },
    {
      name: 'MESHPROOF_NO_BROWSER',
      meaning: '`1`: tests of pages may be left out in CI too, where there is no Chromium',
      by: 'tests',
    },
    {
      name: 'MESHPROOF_TEST_NODE',
      meaning: 'the Node that the package is tried with; default: the oldest that it takes, from npm',
      by: 'tests',
    },
  ],
};

/** Handed over inside a world that meshproof made: nothing to set. */
export const INTERNAL = [
  'MESHPROOF_AGENT_PORT',
  'MESHPROOF_WORK_DIR',
  'MESHPROOF_PAGES_VIA',
  'MESHPROOF_SERVICE_CONFIG',
  'MESHPROOF_CONTROL_PLANE',
  'MESHPROOF_SIDECAR',
  'MESHPROOF_POD_NAME',
  'MESHPROOF_REPLICA',
];

/** docs/reference/environment.md. */
export function environmentReference(): string {
  const tables = Object.entries(VARIABLES).map(
    ([title, variables]) =>
      `## ${title}\n\n| variable | |\n|---|---|\n${variables.map(({ name, meaning }) => `| \`${name}\` | ${meaning} |`).join('\n')}\n`,
  );
  return `# Environment variables\n\n${GENERATED}\n\n${tables.join('\n')}`;
}
