import type { AddressSpace } from '../addresses.ts';

/** A space of addresses on paper: nothing is bound. */
export function paperSpace(perPod = true): AddressSpace {
  let next = 1;
  return {
    perPod,
    hostIp: perPod ? '127.1.1.1' : '127.0.0.1',
    podIp: () => (perPod ? `127.1.1.${++next}` : '127.0.0.1'),
    listen: async (host, port) => ({ host, port: perPod ? port : 20_000 + ++next }),
    [Symbol.asyncDispose]: async () => {},
  };
}
