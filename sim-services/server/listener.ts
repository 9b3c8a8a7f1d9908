import type { Address } from './egress.ts';

/** What a pod listens with, whatever it speaks. */
export interface AppListener {
  /** Rejects as net.Server.listen fails. Resolves with the port. */
  listen(at: Address): Promise<number>;
  /** Nothing new is accepted; what is open stays. */
  refuse(): void;
  /** Resolves when peers have what has been answered; absent: they do when the pod is idle. */
  flush?(): Promise<void>;
  /** Every connection is cut. */
  cut(): void;
  close(): Promise<void>;
}
