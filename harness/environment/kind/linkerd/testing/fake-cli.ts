import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResolvedTool } from '../../../../core/tool.ts';
import type { KubernetesObject } from '../../../kubernetes/contract.ts';

const SCRIPT = `#!/bin/sh
cd "$(dirname "$0")" || exit 1
echo "$*" >> args
echo "something for the user" >&2
# Releases before 2.15 know no --output.
case "$*" in *"--output json"*) [ ! -e old ] || { [ "$1" = check ] || { echo "unknown flag: --output" >&2; exit 1; }; } ;; esac
case "$*" in
  check*) cat check.json; exit "$(cat check.code)" ;;
  *--crds*) cat definitions.json ;;
  prune*) cat pruned.json ;;
  upgrade*) cat control-plane.json; exit "$(cat upgrade.code)" ;;
  install*) cat control-plane.json; exit "$(cat install.code)" ;;
esac
`;

/** The shape of what `linkerd install` prints: a few objects, the deployments among them. */
const CONTROL_PLANE: KubernetesObject[] = [
  {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'linkerd', annotations: { 'linkerd.io/inject': 'disabled' } },
  },
  {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'MutatingWebhookConfiguration',
    metadata: { name: 'injector' },
    webhooks: [{ clientConfig: { service: { namespace: 'linkerd' } } }],
  },
  ...['linkerd-identity', 'linkerd-destination', 'linkerd-proxy-injector'].map((name) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name, namespace: 'linkerd' },
    spec: { replicas: 1 },
  })),
];

const DEFINITIONS = [
  {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'servers.policy.linkerd.io' },
  },
];

export const GOOD_CHECK = {
  success: true,
  categories: [
    {
      categoryName: 'kubernetes-api',
      checks: [
        { description: 'can query the Kubernetes API', result: 'success' },
        { description: 'clock', result: 'warning', error: 'it is a second off', hint: 'https://hint/clock' },
      ],
    },
  ],
};

/** A program that answers as the Linkerd CLI does, from files beside it. Gone when the test is over. */
export function fakeLinkerd() {
  const dir = mkdtempSync(join(tmpdir(), 'meshproof-linkerd-'));
  const path = join(dir, 'linkerd');
  const put = (file: string, text: string) => writeFileSync(join(dir, file), text);
  const lines = (objects: KubernetesObject[]) => objects.map((object) => `${JSON.stringify(object)}\n`).join('');
  put('linkerd', SCRIPT);
  chmodSync(path, 0o755);
  put('definitions.json', lines(DEFINITIONS));
  put('control-plane.json', lines(CONTROL_PLANE));
  put('pruned.json', '');
  put('install.code', '0');
  put('upgrade.code', '0');
  put('check.json', JSON.stringify(GOOD_CHECK, null, 2));
  put('check.code', '0');
  const tool: ResolvedTool = { name: 'linkerd', path, version: 'edge-1.2.3', source: 'given' };
  return {
    tool,
    /** Another answer: `control-plane.json`, `pruned.json`, `install.code`, `upgrade.code`, `check.json`, `check.code`. */
    put,
    /** Arguments of each call. */
    calls: () => (existsSync(join(dir, 'args')) ? readFileSync(join(dir, 'args'), 'utf8').trim().split('\n') : []),
    [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }),
  };
}
