import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { DEFAULT_OPAQUE_PORTS } from '../../core/policy.ts';
import { egressPorts, redirectedListeners } from './tcp-ports.ts';

it('is Linkerd’s opaque ports and those that annotations name, each once and in order', () => {
  expect(egressPorts([])).toEqual([...DEFAULT_OPAQUE_PORTS]);
  expect(egressPorts(['7000, 3306,9000-9010,x,0,70000', undefined, '2525,7000'])).toEqual([
    ...DEFAULT_OPAQUE_PORTS,
    7000,
    2525,
  ]);
  expect(egressPorts([Array.from({ length: 500 }, (_, i) => i + 10_000).join(',')])).toHaveLength(100);
});

it('listens where redirect.sh leads them', () => {
  const script = readFileSync(join(import.meta.dirname, 'redirect.sh'), 'utf8');
  const number = (name: string) => Number(new RegExp(`^${name}=(\\d+)$`, 'm').exec(script)?.[1]);
  const { egressByPort, opaqueInbound } = redirectedListeners([25, 2525], [5432]);
  expect(egressByPort).toEqual([
    { port: 25, address: { host: '127.0.0.1', port: number('FIRST_OWN_PORT') } },
    { port: 2525, address: { host: '127.0.0.1', port: number('FIRST_OWN_PORT') + 1 } },
  ]);
  expect(opaqueInbound?.port).toBe(number('OPAQUE_PORT'));
  expect(redirectedListeners([25], []).opaqueInbound).toBeUndefined();
});
