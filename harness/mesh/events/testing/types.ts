import type { InboundPolicy, OutboundPolicy } from '../../../core/policy.ts';
import type { World } from './world.ts';

/** How a world differs from the plain one: a client's pod, and a server's behind the Service `web`. */
export interface WorldOptions {
  /** Of the app behind `web`; `http` unless given. */
  protocol?: 'http' | 'grpc' | 'tcp' | 'tcp-greets';
  /** Of the Service. */
  policy?: Partial<OutboundPolicy>;
  /** Of the server's pod. */
  inbound?: InboundPolicy;
  /** The app's port skips its proxy. */
  skipsInbound?: boolean;
  /** Requests that go before; one plain one unless given, so that connections and balancers are there. */
  warmUp?: 'none';
}

/** What of a page an event is about; `bytes`: connections with their bytes. */
export type View = 'requests' | 'connections' | 'bytes' | 'admin';

/** Something that happens between an app, two proxies and another app. */
export interface MeshEvent {
  /** Key in events-real.json. */
  id: string;
  group: string;
  title: string;
  /** What happens, in a sentence or two. */
  text: string;
  world?: WorldOptions;
  /** Happens before; not counted. */
  prepare?(world: World): Promise<void>;
  /** Makes it happen; resolves with what the client saw. */
  run(world: World): Promise<string>;
  /** What the client is to see. */
  saw: string;
  /** `requests` unless given. */
  view?: View;
}

/** Series of one page that grew: `family{label="value",...}` with the labels that tell outcomes apart, and by how much. */
export type Counts = Record<string, number>;

export interface Measured {
  client: Counts;
  server: Counts;
}

/** What a real mesh counted for an event (docs/events-real.json). */
export interface RealMeasured extends Measured {
  /** Linkerd's, e.g. `edge-26.8.3`. */
  version: string;
  /** How it was tried, in a few words. */
  how: string;
}
