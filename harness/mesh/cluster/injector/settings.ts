import { createHash } from 'node:crypto';
import type { ControlPlaneSpec } from '../contract.ts';

/** What injection depends on beside the pod. */
export interface InjectionSettings {
  mesh: ControlPlaneSpec;
  /** The trust anchors that proxies are given. */
  anchorPem: string;
  /** Set for the control plane's own pods: their proxies must not wait for what starts after them. */
  component?: 'destination' | 'identity' | 'proxy-injector';
}

/** `linkerd.io/trust-root-sha256`. */
export function trustRootSha256(anchorPem: string): string {
  return createHash('sha256').update(anchorPem.trim()).digest('hex');
}
