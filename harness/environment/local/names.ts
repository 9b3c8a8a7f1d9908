import { createHash } from 'node:crypto';

/** A workload's own seed: another workload, another sequence; the same scenario and seed, the same sequence. */
export function seedOf(seed: number, id: string): number {
  return createHash('sha256').update(`${seed}/${id}`).digest().readUInt32LE(0);
}

/** SHA-256 in hex. */
export function digest(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

/** Five characters of Kubernetes' alphabet for generated names (no vowels, no 0, 1, 3). */
export function podSuffix(text: string): string {
  const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
  return [...createHash('sha256').update(text).digest().subarray(0, 5)]
    .map((b) => alphabet[b % alphabet.length])
    .join('');
}

/** A UUID of the form Kubernetes gives objects, the same for the same text. */
export function uidOf(text: string): string {
  const hex = digest(text);
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
