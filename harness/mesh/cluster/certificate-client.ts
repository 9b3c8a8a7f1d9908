import { once } from 'node:events';
import https from 'node:https';
import { describe, HarnessError } from '../../core/errors.ts';
import { sleep } from '../../core/wait.ts';
import type { IssuedCertificate } from '../identity/authority.ts';
import type { CertificateSource } from '../identity/credentials.ts';
import { Backoff } from './backoff.ts';
import type { CertifyRequest, CertifyResponse } from './contract.ts';
import { type ControlEndpoint, controlTls } from './control-endpoint.ts';

const TIMEOUT_MS = 5000;
const MAX_ANSWER_BYTES = 256 * 1024;
/** While a pod starts it waits for its first certificate, and should not wait long. */
const FIRST_BACKOFF_MS = { min: 100, max: 2000 };
/** Linkerd's proxy waits so long after an attempt: more failures than fit into the time are none that it would count. */
const TRIED_EVERY_MS = 10_000;

export interface CertificateClientOptions {
  endpoint: ControlEndpoint;
  anchorPem: string;
  /** The pod's ServiceAccount token, as it is now: the kubelet renews it. */
  readToken(): Promise<string>;
  /** Each attempt, as telemetry counts it. */
  certified(ms: number): void;
  refused(cause: unknown): void;
  /** An attempt that Linkerd's proxy would not have made yet. */
  refusedEarly(cause: unknown): void;
}

/** Asks the identity service for this pod's certificate. */
export class CertificateClient implements CertificateSource {
  readonly anchorPem: string;
  readonly #options: CertificateClientOptions;

  constructor(options: CertificateClientOptions) {
    this.#options = options;
    this.anchorPem = options.anchorPem;
  }

  /** One attempt. @throws HarnessError NOT_CERTIFIED */
  issue(): Promise<IssuedCertificate> {
    return this.#attempt((cause) => this.#options.refused(cause));
  }

  async #attempt(refused: (cause: unknown) => void): Promise<IssuedCertificate> {
    const began = performance.now();
    try {
      const token = await this.#options.readToken();
      const certificate = parseCertificate(await this.#post({ token: token.trim() }));
      this.#options.certified(performance.now() - began);
      return certificate;
    } catch (cause) {
      refused(cause);
      const { host, port } = this.#options.endpoint.address;
      throw new HarnessError('NOT_CERTIFIED', `no certificate from ${host}:${port}: ${describe(cause)}`, {
        hint: 'see the log of linkerd-identity',
        cause,
      });
    }
  }

  /** As many attempts as it takes. @throws the signal's reason when aborted */
  async first(signal: AbortSignal): Promise<IssuedCertificate> {
    const backoff = new Backoff(FIRST_BACKOFF_MS.min, FIRST_BACKOFF_MS.max);
    const began = performance.now();
    let counted = 0;
    const refused = (cause: unknown) => {
      // It has tried so often by now, and once more only when as much time has passed again.
      const tried = Math.floor((performance.now() - began) / TRIED_EVERY_MS);
      if (tried <= counted) return this.#options.refusedEarly(cause);
      counted += 1;
      this.#options.refused(cause);
    };
    for (;;) {
      signal.throwIfAborted();
      try {
        return await this.#attempt(refused);
      } catch {
        // Reported by `refused`.
      }
      await sleep(backoff.next(), signal);
    }
  }

  async #post(body: CertifyRequest): Promise<string> {
    const { endpoint, anchorPem } = this.#options;
    const text = JSON.stringify(body);
    const request = https.request({
      ...endpoint.address,
      ...controlTls(endpoint, anchorPem),
      method: 'POST',
      path: '/certify',
      // The client exists for one request.
      agent: false,
      headers: { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    request.end(text);
    const [response] = (await once(request, 'response')) as [import('node:http').IncomingMessage];
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of response) {
      bytes += (chunk as Buffer).length;
      if (bytes > MAX_ANSWER_BYTES) throw new Error('the answer is too long');
      chunks.push(chunk as Buffer);
    }
    const answer = Buffer.concat(chunks).toString('utf8');
    if (response.statusCode === 200) return answer;
    throw new Error(`status ${response.statusCode}: ${answer.slice(0, 200)}`);
  }
}

/** @throws Error when it is not a CertifyResponse, or has expired */
export function parseCertificate(text: string): IssuedCertificate {
  const { name, certPem, keyPem, notBeforeEpochMs, notAfterEpochMs } = JSON.parse(text) as CertifyResponse;
  const strings = [name, certPem, keyPem].every((value) => typeof value === 'string' && value !== '');
  if (!strings || !Number.isFinite(notBeforeEpochMs) || !Number.isFinite(notAfterEpochMs)) {
    throw new Error('the answer is not a certificate');
  }
  if (notAfterEpochMs <= Date.now()) throw new Error('the certificate has expired: do the clocks agree?');
  return { name, certPem, keyPem, notBeforeEpochMs, notAfterEpochMs };
}
