import { readFile } from 'node:fs/promises';
import { parse, stringify } from 'yaml';
import { projectFile } from '../../../core/project.ts';
import { OWNER_MOUNT } from './owner.ts';

const FILE = projectFile('kind-config/cluster.yaml');

interface KindConfig {
  networking?: Record<string, unknown>;
  nodes?: { role?: string; extraMounts?: Record<string, unknown>[] }[];
  [key: string]: unknown;
}

/** What `kind create cluster --config` is given: kind-config/cluster.yaml, and what depends on the machine. */
export async function clusterConfig(options: { ownNetwork: boolean; owner: string }, file = FILE): Promise<string> {
  const config = parse(await readFile(file, 'utf8')) as KindConfig;
  if (options.ownNetwork) config.networking = { ...config.networking, disableDefaultCNI: true };
  const mount = { hostPath: options.owner, containerPath: OWNER_MOUNT, readOnly: true };
  config.nodes = (config.nodes ?? [{ role: 'control-plane' }]).map((node) => ({
    ...node,
    extraMounts: [...(node.extraMounts ?? []), mount],
  }));
  return stringify(config);
}
