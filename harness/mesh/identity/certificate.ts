import { createHash, generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIP } from 'node:net';
import * as der from './der.ts';

const ECDSA_WITH_SHA256 = der.sequence(der.oid('1.2.840.10045.4.3.2'));
const OID = {
  commonName: '2.5.4.3',
  subjectKeyIdentifier: '2.5.29.14',
  keyUsage: '2.5.29.15',
  subjectAltName: '2.5.29.17',
  basicConstraints: '2.5.29.19',
  authorityKeyIdentifier: '2.5.29.35',
  extendedKeyUsage: '2.5.29.37',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  clientAuth: '1.3.6.1.5.5.7.3.2',
} as const;

export interface KeyPair {
  publicKey: KeyObject;
  privateKey: KeyObject;
}

/** ECDSA P-256, as Linkerd's identity service demands. */
export function generateKeys(): KeyPair {
  return generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
}

export interface CertificateRequest {
  subject: string;
  /** Names (DNS or IP) that it is valid for; none for an authority. */
  hosts: string[];
  /** An authority may sign: how many authorities may stand below it. null: a leaf. */
  authority: { pathLength: number } | null;
  keys: KeyPair;
  notBeforeEpochMs: number;
  notAfterEpochMs: number;
}

export interface Signer {
  subject: string;
  keys: KeyPair;
}

/** Signs an X.509 v3 certificate; as PEM. */
export function signCertificate(request: CertificateRequest, signer: Signer): string {
  const serial = randomBytes(16);
  serial[0] = (serial[0] ?? 0) & 0x7f || 1;
  const tbs = der.sequence(
    der.context(0, true, der.integer(Buffer.from([2]))),
    der.integer(serial),
    ECDSA_WITH_SHA256,
    name(signer.subject),
    der.sequence(der.time(request.notBeforeEpochMs), der.time(request.notAfterEpochMs)),
    name(request.subject),
    request.keys.publicKey.export({ type: 'spki', format: 'der' }),
    der.context(3, true, der.sequence(...extensions(request, signer))),
  );
  const signature = sign('sha256', tbs, signer.keys.privateKey);
  const certificate = der.sequence(tbs, ECDSA_WITH_SHA256, der.bitString(signature));
  const base64 = certificate.toString('base64').replace(/.{64}(?=.)/g, '$&\n');
  return `-----BEGIN CERTIFICATE-----\n${base64}\n-----END CERTIFICATE-----\n`;
}

export function keyToPem(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }) as string;
}

function name(commonName: string): Buffer {
  // X.509 bounds a common name at 64 characters; what is verified is the alternative name.
  return der.sequence(der.set(der.sequence(der.oid(OID.commonName), der.utf8(commonName.slice(0, 64)))));
}

function extensions(request: CertificateRequest, signer: Signer): Buffer[] {
  const { authority } = request;
  // Key usage bits: 0 digitalSignature, 5 keyCertSign, 6 cRLSign.
  const usage = authority ? der.bitString(Buffer.from([0b00000110]), 1) : der.bitString(Buffer.from([0b10000000]), 7);
  const basic = authority
    ? der.sequence(der.boolean(true), der.integer(Buffer.from([authority.pathLength])))
    : der.sequence();
  const list = [
    extension(OID.basicConstraints, true, basic),
    extension(OID.keyUsage, true, usage),
    extension(OID.subjectKeyIdentifier, false, der.octets(keyIdentifier(request.keys))),
    extension(OID.authorityKeyIdentifier, false, der.sequence(der.context(0, false, keyIdentifier(signer.keys)))),
  ];
  if (!authority) {
    const uses = der.sequence(der.oid(OID.serverAuth), der.oid(OID.clientAuth));
    list.push(extension(OID.extendedKeyUsage, false, uses));
  }
  if (request.hosts.length > 0) {
    const names = request.hosts.map((host) =>
      isIP(host) ? der.context(7, false, addressBytes(host)) : der.context(2, false, Buffer.from(host)),
    );
    list.push(extension(OID.subjectAltName, false, der.sequence(...names)));
  }
  return list;
}

function keyIdentifier(keys: KeyPair): Buffer {
  return createHash('sha1')
    .update(keys.publicKey.export({ type: 'spki', format: 'der' }))
    .digest();
}

function extension(oid: string, critical: boolean, value: Buffer): Buffer {
  return critical
    ? der.sequence(der.oid(oid), der.boolean(true), der.octets(value))
    : der.sequence(der.oid(oid), der.octets(value));
}

function addressBytes(host: string): Buffer {
  if (isIP(host) === 4) return Buffer.from(host.split('.').map(Number));
  const [head = '', tail] = host.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16)));
  const before = groups(head);
  const after = tail === undefined ? [] : groups(tail);
  const all = [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
  return Buffer.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
