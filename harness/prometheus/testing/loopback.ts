import { randomInt } from 'node:crypto';

/** A loopback address that no one else is likely to use; 127.0.0.1 where that is the only one. */
export function loopback(): string {
  if (process.platform !== 'linux') return '127.0.0.1';
  return `127.${randomInt(10, 250)}.${randomInt(1, 250)}.${randomInt(2, 250)}`;
}
