import { X509Certificate } from 'node:crypto';
import tls from 'node:tls';
import { describe, HarnessError } from '../../../core/errors.ts';
import type { PeerCertificate } from '../../../evidence/types.ts';
import type { Address } from '../addresses.ts';

const DEADLINE_MS = 2500;

/**
 * The certificate that a proxy shows on its inbound port. Proxies send their own and its issuer's, not the anchor; it is known by
 * trying the anchor that the mesh has. Where that has not signed the chain, the digest is that of the last certificate sent.
 * @param serverName the proxy's identity: it ends TLS for no other name
 * @throws HarnessError NO_CERTIFICATE
 */
export async function readCertificate(
  address: Address,
  options: { serverName: string; where: string; anchorPem: string },
): Promise<PeerCertificate> {
  const { promise, resolve, reject } = Promise.withResolvers<X509Certificate[]>();
  const { serverName, where, anchorPem } = options;
  // Whom it trusts is not ours to judge: it is only looked at.
  const socket = tls.connect({ ...address, servername: serverName, rejectUnauthorized: false });
  const timer = setTimeout(() => reject(new Error(`no answer within ${DEADLINE_MS} ms`)), DEADLINE_MS);
  socket.once('secureConnect', () => resolve(chainOf(socket)));
  socket.once('error', reject);
  socket.once('close', () => reject(new Error('the connection was closed')));
  try {
    const chain = await promise;
    const [leaf] = chain;
    if (!leaf) throw new Error('it sends none');
    return {
      anchorSha256: digestOf(anchorOf(chain, new X509Certificate(anchorPem))),
      issuer: leaf.issuer.replace(/^CN=/, ''),
      names: (leaf.subjectAltName ?? '').split(', ').flatMap((name) => /^DNS:(.*)$/.exec(name)?.[1] ?? []),
      notBeforeMs: leaf.validFromDate.getTime(),
      notAfterMs: leaf.validToDate.getTime(),
    };
  } catch (cause) {
    throw new HarnessError('NO_CERTIFICATE', `${where} shows no certificate for ${serverName}: ${describe(cause)}`, {
      hint: 'its proxy is not there, or it has no identity',
      cause,
    });
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

/** From its own certificate on, as sent. */
function chainOf(socket: tls.TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let next = socket.getPeerX509Certificate();
  while (next && !chain.some((one) => one.fingerprint256 === next!.fingerprint256)) {
    chain.push(next);
    next = next.issuerCertificate;
  }
  return chain;
}

function anchorOf(chain: X509Certificate[], known: X509Certificate): X509Certificate {
  const last = chain.at(-1)!;
  return last.verify(known.publicKey) ? known : last;
}

function digestOf({ fingerprint256 }: X509Certificate): string {
  return fingerprint256.replaceAll(':', '').toLowerCase();
}
