import { randomInt } from 'node:crypto';
import { createServer, type Server } from 'node:net';
import { EXIT, HarnessError } from '../../core/errors.ts';

export interface Address {
  host: string;
  port: number;
}

/** Where the parts of one run listen. Held for the run, so that two runs at once do not meet. */
export interface AddressSpace extends AsyncDisposable {
  /** True when each pod gets a loopback address of its own (Linux); false: one address, a port each. */
  readonly perPod: boolean;
  /** Address of the parts that belong to no pod: the Kubernetes API, Prometheus, k6's own API. */
  readonly hostIp: string;
  /** A new pod's address. */
  podIp(): string;
  /** `port` on `host` where each pod has an address; else a free port of the one address. */
  listen(host: string, port: number): Promise<Address>;
}

/**
 * Takes a block 127.a.b.0/24 at random and holds it by listening on its first address; where the host knows only 127.0.0.1
 * (macOS), hands out free ports of that.
 * @throws HarnessError NO_LOOPBACK when not even that can be listened on; PORT_TAKEN when the wanted block is held by another
 * run
 */
export async function claimAddresses(options: AddressOptions = {}): Promise<AddressSpace> {
  if (options.block !== undefined) return claimBlock(options.block);
  if (!options.onlyOneAddress) {
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const prefix = `127.${randomInt(16, 250)}.${randomInt(1, 250)}`;
      const claim = await tryListen(`${prefix}.1`, CLAIM_PORT);
      if (claim === 'in-use') continue;
      if (claim === 'unavailable') break;
      return perPodSpace(prefix, claim);
    }
  }
  return oneAddressSpace();
}

export interface AddressOptions {
  /** Do as on a host that has only 127.0.0.1. */
  onlyOneAddress?: boolean;
  /** The block to take, `127.a.b`; default: one at random. */
  block?: string;
}

/**
 * What MESHPROOF_LOOPBACK asks for: `single` for one address, `127.a.b` for that block; nothing for the default.
 * @throws HarnessError BAD_LOOPBACK
 */
export function addressOptions(env: NodeJS.ProcessEnv): AddressOptions {
  const wanted = env.MESHPROOF_LOOPBACK;
  if (!wanted) return {};
  if (wanted === 'single') return { onlyOneAddress: true };
  const bytes = /^127\.(\d{1,3})\.(\d{1,3})$/.exec(wanted)?.slice(1).map(Number);
  if (bytes?.every((byte) => byte < 256)) return { block: wanted };
  throw new HarnessError('BAD_LOOPBACK', `MESHPROOF_LOOPBACK is ${JSON.stringify(wanted)}`, {
    hint: 'use `single` for 127.0.0.1 alone, a block like 127.77.3, or leave it unset',
    exitCode: EXIT.invalidInput,
  });
}

async function claimBlock(prefix: string): Promise<AddressSpace> {
  const claim = await tryListen(`${prefix}.1`, CLAIM_PORT);
  if (typeof claim === 'object') return perPodSpace(prefix, claim);
  const [code, why] = claim === 'in-use' ? ['PORT_TAKEN', 'is taken'] : ['NO_LOOPBACK', "can't be listened on"];
  throw new HarnessError(code, `${prefix}.1:${CLAIM_PORT}, which marks the block as this run's, ${why}`, {
    hint: 'another run holds it: wait for its end, or leave MESHPROOF_LOOPBACK unset',
  });
}

/** Any fixed port does: it only marks the block as taken. */
const CLAIM_PORT = 4199;

function perPodSpace(prefix: string, claim: Server): AddressSpace {
  let next = 2;
  return {
    perPod: true,
    hostIp: `${prefix}.1`,
    podIp() {
      if (next > 254) {
        throw new HarnessError('TOO_MANY_PODS', 'more than 253 pods in one local run', {
          hint: 'use fewer replicas, or the kind environment',
        });
      }
      next += 1;
      return `${prefix}.${next - 1}`;
    },
    listen: async (host, port) => ({ host, port }),
    [Symbol.asyncDispose]: () => close(claim),
  };
}

/**
 * Ports below those that systems give to outgoing connections (from 32768 on Linux, 49152 on macOS), which would take a
 * pod's port while it is not listened on. In blocks, each held by listening on its first port.
 */
const FIRST_PORT = 10_240;
const PORTS_PER_BLOCK = 256;
const PORT_BLOCKS = 88;

function oneAddressSpace(): AddressSpace {
  const hostIp = '127.0.0.1';
  const claims: Server[] = [];
  let block = 0;
  let next = PORTS_PER_BLOCK;
  let last: Promise<unknown> = Promise.resolve();

  const claimPorts = async () => {
    for (let attempt = 0; attempt < 4 * PORT_BLOCKS; attempt += 1) {
      block = FIRST_PORT + PORTS_PER_BLOCK * randomInt(PORT_BLOCKS);
      const claim = await tryListen(hostIp, block);
      if (typeof claim !== 'object') continue;
      claims.push(claim);
      next = 1;
      return;
    }
    throw new HarnessError('NO_LOOPBACK', `no free ports can be listened on at ${hostIp}`, {
      hint: 'check the loopback interface and the limits of this host',
    });
  };
  const listen = async (): Promise<Address> => {
    for (;;) {
      if (next === PORTS_PER_BLOCK) await claimPorts();
      const port = block + next;
      next += 1;
      const server = await tryListen(hostIp, port);
      if (typeof server !== 'object') continue;
      await close(server);
      return { host: hostIp, port };
    }
  };
  return {
    perPod: false,
    hostIp,
    podIp: () => hostIp,
    listen() {
      // One after the other: they share the block.
      const found = last.then(listen);
      last = found.catch(() => {});
      return found;
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(claims.map(close));
    },
  };
}

function tryListen(host: string, port: number): Promise<Server | 'in-use' | 'unavailable'> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) =>
      resolve(error.code === 'EADDRINUSE' ? 'in-use' : 'unavailable'),
    );
    server.listen({ host, port, exclusive: true }, () => {
      server.unref();
      resolve(server);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => server.close(() => resolve()));
}
