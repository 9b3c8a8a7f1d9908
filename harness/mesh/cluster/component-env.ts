import { HarnessError } from '../../core/errors.ts';
import { identityName } from '../../core/topology.ts';
import type { ChartProfile } from '../profiles/types.ts';
import type { ControlPlaneSpec } from './contract.ts';

/** What a component of the control plane is told by its manifest: one variable, and files. */

/** JSON of ControlPlaneSpec. */
export const SPEC_ENV = 'MESHPROOF_CONTROL_PLANE';

/** Where Secrets and ConfigMaps are mounted; paths and keys are Linkerd's where it has them. */
export const MOUNTS = {
  issuer: { dir: '/var/run/linkerd/identity/issuer', certificate: 'crt.pem', key: 'key.pem' },
  trustRoots: { dir: '/var/run/linkerd/identity/trust-roots', bundle: 'ca-bundle.crt' },
  tls: { dir: '/var/run/linkerd/tls', certificate: 'tls.crt', key: 'tls.key' },
} as const;

export type ComponentName = 'destination' | 'identity' | 'proxy-injector';

/** Admin ports, as Linkerd's; `name`: what the release's charts call it (facts, section 9). */
export const ADMIN_PORTS: Record<ComponentName, { name: keyof ChartProfile['adminPorts']; port: number }> = {
  destination: { name: 'destination', port: 9996 },
  identity: { name: 'identity', port: 9990 },
  'proxy-injector': { name: 'proxyInjector', port: 9995 },
};

/** @throws HarnessError BAD_CONTROL_PLANE_ENV */
export function specFromEnv(env: NodeJS.ProcessEnv): ControlPlaneSpec {
  const fields: (keyof ControlPlaneSpec)[] = ['namespace', 'vizNamespace', 'trustDomain', 'version', 'image'];
  let spec: Partial<ControlPlaneSpec> = {};
  try {
    spec = (JSON.parse(env[SPEC_ENV] ?? '{}') ?? {}) as Partial<ControlPlaneSpec>;
  } catch {
    // The fields are missing, then.
  }
  const missing = fields.filter((field) => typeof spec[field] !== 'string' || spec[field] === '');
  if (missing.length === 0) return spec as ControlPlaneSpec;
  throw new HarnessError('BAD_CONTROL_PLANE_ENV', `${SPEC_ENV} lacks ${missing.join(', ')}`, {
    hint: 'the manifests set it: are they of the same release?',
  });
}

/** Names under which a component's server is known: those of its Services, and its identity in the mesh. */
export function servingHosts(
  { namespace, trustDomain }: Pick<ControlPlaneSpec, 'namespace' | 'trustDomain'>,
  component: ComponentName,
  services: readonly string[],
): string[] {
  const names = services.flatMap((service) => [
    `${service}.${namespace}.svc`,
    `${service}.${namespace}.svc.${trustDomain}`,
    `${service}.${namespace}`,
    service,
  ]);
  return [...names, identityName(`linkerd-${component}`, namespace, namespace, trustDomain), 'localhost', '127.0.0.1'];
}

/** Services before each component. */
export const SERVICES: Record<ComponentName, readonly string[]> = {
  destination: ['linkerd-dst-headless', 'linkerd-dst'],
  identity: ['linkerd-identity-headless', 'linkerd-identity'],
  'proxy-injector': ['linkerd-proxy-injector'],
};
