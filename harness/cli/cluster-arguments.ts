import type { KindOptions } from '../environment/contract.ts';

/** Arguments of `--environment kind`, as commander gives them. */
export interface ClusterArguments {
  mesh: 'linkerd' | 'simulated';
  reuse?: boolean;
  loadFrom: 'mesh' | 'host';
  registryMirror?: string;
  nodeImage?: string;
  baseImage?: string;
  meshedPrometheus?: boolean;
}

export function kindOptions(args: ClusterArguments): KindOptions {
  return {
    mesh: args.mesh,
    reuse: args.reuse ?? false,
    loadFrom: args.loadFrom,
    registryMirror: args.registryMirror ?? null,
    nodeImage: args.nodeImage ?? null,
    baseImage: args.baseImage ?? null,
    meshedPrometheus: args.meshedPrometheus ?? false,
  };
}
