import { readFile } from 'node:fs/promises';
import { HarnessError } from '../../core/errors.ts';
import type { Address } from '../contract.ts';
import { SIDECAR_ENV, type SidecarSettings, TOKEN_PATH } from './contract.ts';
import type { SidecarAddresses, SidecarPodOptions } from './sidecar-pod.ts';

/** Linkerd's variables for addresses, `host:port` each; left out, they are as in a pod. */
const ADDRESSES: Record<keyof SidecarAddresses, string> = {
  inbound: 'LINKERD2_PROXY_INBOUND_LISTEN_ADDR',
  outbound: 'LINKERD2_PROXY_OUTBOUND_LISTEN_ADDRS',
  admin: 'LINKERD2_PROXY_ADMIN_LISTEN_ADDR',
  identity: 'LINKERD2_PROXY_IDENTITY_SVC_ADDR',
  destination: 'LINKERD2_PROXY_DESTINATION_SVC_ADDR',
};

/** What the environment of the container says. @throws HarnessError BAD_SIDECAR_ENV naming all that is missing or wrong */
export function sidecarOptions(env: NodeJS.ProcessEnv, log: (line: string) => void): SidecarPodOptions {
  const problems: string[] = [];
  const need = (name: string): string => {
    const value = env[name];
    if (!value) problems.push(`${name} is not set`);
    return value ?? '';
  };
  const pod = {
    namespace: need(SIDECAR_ENV.podNamespace),
    name: need(SIDECAR_ENV.podName),
    uid: need(SIDECAR_ENV.podUid),
    ip: need(SIDECAR_ENV.podIp),
    serviceAccount: need(SIDECAR_ENV.serviceAccount),
  };
  const trustAnchorsPem = need(SIDECAR_ENV.trustAnchors);
  const settings = parseSettings(need(SIDECAR_ENV.settings), problems);
  const addresses: SidecarAddresses = {};
  for (const [key, name] of Object.entries(ADDRESSES) as [keyof SidecarAddresses, string][]) {
    const value = env[name];
    if (value) addresses[key] = parseAddress(name, value, problems);
  }
  if (problems.length > 0) {
    throw new HarnessError('BAD_SIDECAR_ENV', problems.join('; '), {
      hint: 'the proxy injector sets these: is it of the same release?',
    });
  }
  const tokenFile = env[SIDECAR_ENV.tokenFile] || TOKEN_PATH;
  return { pod, settings, trustAnchorsPem, addresses, log, readToken: () => readFile(tokenFile, 'utf8') };
}

const SETTINGS: Record<Exclude<keyof SidecarSettings, 'app' | 'ports' | 'opaquePorts' | 'egressPorts'>, 'string'> = {
  version: 'string',
  trustDomain: 'string',
  controlPlaneNamespace: 'string',
  vizNamespace: 'string',
  workloadKind: 'string',
  workload: 'string',
  podTemplateHash: 'string',
};

function parseSettings(text: string, problems: string[]): SidecarSettings {
  let settings: Partial<SidecarSettings> = {};
  try {
    settings = (JSON.parse(text || '{}') ?? {}) as Partial<SidecarSettings>;
  } catch {
    problems.push(`${SIDECAR_ENV.settings} is not JSON`);
    return settings as SidecarSettings;
  }
  if (text) {
    for (const field of Object.keys(SETTINGS) as (keyof typeof SETTINGS)[]) {
      if (typeof settings[field] !== 'string') problems.push(`${SIDECAR_ENV.settings}.${field} is not a string`);
    }
    const { app, ports, opaquePorts, egressPorts } = settings;
    if (!Array.isArray(egressPorts)) problems.push(`${SIDECAR_ENV.settings}.egressPorts is not a list`);
    if (!Array.isArray(opaquePorts)) problems.push(`${SIDECAR_ENV.settings}.opaquePorts is not a list`);
    if (!Array.isArray(ports)) problems.push(`${SIDECAR_ENV.settings}.ports is not a list`);
    if (app !== null && !isApp(app)) problems.push(`${SIDECAR_ENV.settings}.app is neither null nor an app`);
  }
  return settings as SidecarSettings;
}

function isApp(app: SidecarSettings['app'] | undefined): boolean {
  return Number.isInteger(app?.port) && typeof app?.readyPath === 'string' && typeof app.livePath === 'string';
}

function parseAddress(name: string, text: string, problems: string[]): Address {
  const [, host = '', port = ''] = /^\[?([^\]]+?)\]?:(\d+)$/.exec(text) ?? [];
  if (!host || Number(port) > 65_535) problems.push(`${name}: ${text} is not host:port`);
  return { host, port: Number(port) };
}
