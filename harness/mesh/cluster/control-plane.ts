import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, HarnessError } from '../../core/errors.ts';
import { IdentityAuthority } from '../identity/authority.ts';
import { ApiClient } from './api/client.ts';
import { ADMIN_PORTS, type ComponentName, MOUNTS, SERVICES, servingHosts, specFromEnv } from './component-env.ts';
import { CONTROL_PLANE } from './contract.ts';
import { DestinationServer } from './destination/server.ts';
import { IdentityServer } from './identity/server.ts';
import { InjectorServer } from './injector/server.ts';

/** One component of the simulated control plane: `control-plane destination | identity | proxy-injector`. Ends on SIGTERM. */

const log = (line: string) => console.error(`${new Date().toISOString()} ${line}`);
const at = (port: number) => ({ host: '0.0.0.0', port });
const read = (dir: string, name: string) => readFileSync(join(dir, name), 'utf8');
const servingTls = () => ({
  certPem: read(MOUNTS.tls.dir, MOUNTS.tls.certificate),
  keyPem: read(MOUNTS.tls.dir, MOUNTS.tls.key),
});
const anchorPem = () => read(MOUNTS.trustRoots.dir, MOUNTS.trustRoots.bundle);

const COMPONENTS: Record<ComponentName, (api: ApiClient) => Promise<AsyncDisposable>> = {
  destination: (api) => {
    const { trustDomain, namespace } = specFromEnv(process.env);
    return DestinationServer.start({
      ...{ api, log, tls: servingTls(), names: { trustDomain, controlPlaneNamespace: namespace } },
      listen: at(CONTROL_PLANE.destination.port),
      admin: at(ADMIN_PORTS.destination.port),
    });
  },
  identity: (api) => {
    const spec = specFromEnv(process.env);
    const material = {
      anchorPem: anchorPem(),
      issuerPem: read(MOUNTS.issuer.dir, MOUNTS.issuer.certificate),
      issuerKeyPem: read(MOUNTS.issuer.dir, MOUNTS.issuer.key),
    };
    const names = { trustDomain: spec.trustDomain, controlPlaneNamespace: spec.namespace };
    return IdentityServer.start({
      ...{ api, log, hosts: servingHosts(spec, 'identity', SERVICES.identity) },
      authority: new IdentityAuthority(names, material),
      listen: at(CONTROL_PLANE.identity.port),
      admin: at(ADMIN_PORTS.identity.port),
    });
  },
  'proxy-injector': (api) =>
    InjectorServer.start({
      ...{ api, log, tls: servingTls() },
      settings: { mesh: specFromEnv(process.env), anchorPem: anchorPem() },
      listen: at(CONTROL_PLANE.injector.targetPort),
      admin: at(ADMIN_PORTS['proxy-injector'].port),
    }),
};

function componentNamed(name: string | undefined): ComponentName {
  if (name !== undefined && Object.hasOwn(COMPONENTS, name)) return name as ComponentName;
  throw new HarnessError('UNKNOWN_COMPONENT', `there is no component ${name}`, {
    hint: `one of ${Object.keys(COMPONENTS).join(', ')}`,
  });
}

/**
 * Its address is taken out of Services a moment after the pod was told to end: whoever is still sent here until then (the API
 * server with a pod to inject, say) is to be answered. Less than the manifests' terminationGracePeriodSeconds.
 */
const LEAVING_MS = 3000;
/** For closing. */
const CLOSING_MS = 1500;

let running: Promise<AsyncDisposable> | null = null;
let api: ApiClient | null = null;

/** With everything closed nothing keeps the process: it ends by itself. */
async function end(): Promise<void> {
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), CLOSING_MS).unref();
  await (await running?.catch(() => null))?.[Symbol.asyncDispose]();
  api?.[Symbol.dispose]();
}

process.on('SIGTERM', () => setTimeout(() => void end(), LEAVING_MS));
process.on('SIGINT', () => void end());

try {
  const name = componentNamed(process.argv[2]);
  api = ApiClient.inCluster();
  running = COMPONENTS[name](api);
  await running;
  log(`${name} serves`);
} catch (error) {
  log(describe(error));
  process.exitCode = 1;
  await end();
}
