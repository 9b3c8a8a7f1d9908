import type { Duplex } from 'node:stream';
import tls, { type DetailedPeerCertificate } from 'node:tls';
import { describe, EXIT, HarnessError } from '../../../core/errors.ts';
import type { PeerCertificate } from '../../../evidence/types.ts';

/**
 * The certificate that a proxy shows on a connection that is open already.
 * @param serverName the proxy's own identity: it ends TLS for no other name
 * @throws HarnessError NO_CERTIFICATE
 */
export async function readCertificate(
  connection: Duplex,
  options: { serverName: string; where: string; deadlineMs: number },
): Promise<PeerCertificate> {
  const { serverName, where, deadlineMs } = options;
  const { promise, resolve, reject } = Promise.withResolvers<DetailedPeerCertificate>();
  // Whom it trusts is not ours to judge: it is only looked at.
  const socket = tls.connect({ socket: connection, servername: serverName, rejectUnauthorized: false });
  const timer = setTimeout(() => reject(new Error(`no answer within ${deadlineMs} ms`)), deadlineMs);
  socket.once('secureConnect', () => resolve(socket.getPeerCertificate(true)));
  socket.once('error', reject);
  connection.once('error', reject);
  socket.once('close', () => reject(new Error('the connection was closed')));
  try {
    return peerCertificate(await promise);
  } catch (error) {
    throw new HarnessError('NO_CERTIFICATE', `${where} shows no certificate for ${serverName}: ${describe(error)}`, {
      hint: 'its proxy is not there, or it has no identity',
      exitCode: EXIT.environment,
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    socket.destroy();
    connection.destroy();
  }
}

function peerCertificate(leaf: DetailedPeerCertificate): PeerCertificate {
  const names = (leaf.subjectaltname ?? '').split(', ').flatMap((name) => /^DNS:(.*)$/.exec(name)?.[1] ?? []);
  return {
    anchorSha256: anchorOf(leaf),
    issuer: [leaf.issuer?.CN ?? ''].flat().join(', '),
    names,
    notBeforeMs: Date.parse(leaf.valid_from),
    notAfterMs: Date.parse(leaf.valid_to),
  };
}

/** Of the last certificate of the chain that was sent, where it is its own issuer: an anchor. Most peers do not send it. */
function anchorOf(leaf: DetailedPeerCertificate): string | null {
  let last = leaf;
  while (last.issuerCertificate && last.issuerCertificate !== last) last = last.issuerCertificate;
  const isAnchor = last !== leaf && last.issuer?.CN === last.subject?.CN;
  return isAnchor ? last.fingerprint256.replaceAll(':', '').toLowerCase() : null;
}
