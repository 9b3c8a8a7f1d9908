import type { KindOptions, SessionContext } from '../contract.ts';
import type { Kube } from '../kubernetes/contract.ts';
import type { Docker } from './docker.ts';
import type { Versions } from './versions.ts';

export const CONTROL_PLANE_NAMESPACE = 'linkerd';
export const VIZ_NAMESPACE = 'linkerd-viz';
export const TRUST_DOMAIN = 'cluster.local';

/** What every step of bringing a cluster up is given. */
export interface StepContext extends SessionContext {
  options: KindOptions;
  docker: Docker;
  versions: Versions;
}

/** A cluster that meshproof made. */
export interface Cluster {
  /** As `kind get clusters` prints it. */
  name: string;
  kubeconfig: string;
  /** Docker containers that are its nodes. */
  nodes: string[];
  /** It was there before this run. */
  reused: boolean;
  /** It shares this machine's kernel, hence its clock. */
  sameKernel: boolean;
}

/** Names of images as the cluster's nodes know them; every one of them has been loaded or can be pulled. */
export interface Images {
  /** The synthetic services. */
  service: string;
  /** The load generator: k6 and the agent that runs it. */
  load: string;
  prometheus: string;
  /** Sidecar and control plane of the simulated mesh; empty with the real one. */
  proxy: string;
}

/** A mesh that is installed in a cluster. */
export interface InstalledMesh {
  kind: 'simulated' | 'linkerd';
  /** Of the control plane. */
  version: string;
  /** Of the proxies, as their pages say it, with `v`. */
  proxyVersion: string;
}

/** Installs a mesh, or finds it installed. */
export type InstallMesh = (
  kube: Kube,
  cluster: Cluster,
  images: Images,
  context: StepContext,
) => Promise<InstalledMesh>;
