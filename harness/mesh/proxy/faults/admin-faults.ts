import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { sleep } from '../../../core/wait.ts';
import type { FaultState } from './fault-state.ts';
import { DuplicateSeries, malformedPage } from './page-faults.ts';

/** What is wrong with a proxy's admin listener, and with the page that it shows. */
export class AdminFaults {
  readonly #state: FaultState;
  readonly #ip: string;
  #duplicates: DuplicateSeries | null = null;
  #tls: tls.Server | null = null;

  constructor(state: FaultState, ip: string) {
    this.#state = state;
    this.#ip = ip;
  }

  /**
   * Takes a connection that does not get through as it should.
   * @param serve where a connection goes that does, though in another way
   * @returns false: it is to be served as ever
   */
  intercept(socket: Socket, serve: (plain: TLSSocket) => void): boolean {
    if (this.#state.current.admin?.reach !== 'tls-only') return false;
    socket.on('error', ignore);
    this.#strangers(serve).emit('connection', socket);
    return true;
  }

  async delay(path: string): Promise<void> {
    const delayMs = this.#state.current.admin?.delayMs;
    if (delayMs && path === '/metrics') await sleep(delayMs);
  }

  /** Share of the page after which the connection ends; undefined: it comes whole. */
  get cutAfter(): number | undefined {
    return this.#state.current.admin?.cutAfter;
  }

  page(rendered: string): string {
    const { duplicates, malformed } = this.#state.current.admin ?? {};
    this.#duplicates = duplicates ? (this.#duplicates ?? new DuplicateSeries()) : null;
    const page = this.#duplicates?.apply(rendered) ?? rendered;
    return malformed ? malformedPage(page, malformed) : page;
  }

  /** Serves with a certificate that no mesh has, and asks for none. */
  #strangers(serve: (plain: TLSSocket) => void): tls.Server {
    if (this.#tls) return this.#tls;
    const { certPem, keyPem } = this.#state.stranger.issueServing([this.#ip]);
    const server = tls.createServer({ cert: certPem, key: keyPem, ALPNProtocols: ['http/1.1'] });
    server.on('secureConnection', serve);
    server.on('tlsClientError', (_error, socket) => socket.destroy());
    this.#tls = server;
    return server;
  }
}

/** Ends the connection after a share (0 to 1) of what the headers announce. */
export function cutOff(response: ServerResponse, body: Buffer, share: number): void {
  const part = body.subarray(0, Math.floor(body.length * share));
  // In order (FIN), once it is on its way: a reset would take back what the reader has not read yet.
  response.write(part, () => response.socket?.end());
}

function ignore(): void {}
