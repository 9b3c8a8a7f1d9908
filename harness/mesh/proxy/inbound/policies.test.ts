import { describe, expect, it } from 'vitest';
import { fromHttp1 } from '../headers.ts';
import { Clients } from './clients.ts';
import { Gate } from './policies.ts';
import { identity, policy, server } from './testing/policies.ts';

const HEAD = fromHttp1('GET', '/', ['host', 'web']);

describe('a client whose proxy sends no transport header', () => {
  const clients = new Clients({ ip: '10.1.0.7', app: { labelPort: 8080 } });
  const gate = new Gate(policy({ servers: [server({ accessPolicy: 'all-unauthenticated' })] }), {
    port: 8080,
    probePaths: [],
  });
  const targetOf = (direct: boolean) => {
    const client = clients.of(identity('load'), '10.1.0.9', direct);
    return [client.target, gate.enter(HEAD, client, client.at, 0).target] as const;
  };

  it('has targets of its own, with the same labels', () => {
    const [header, direct] = [targetOf(false), targetOf(true)];
    header.forEach((target, i) => {
      expect(target).not.toHaveProperty('direct');
      expect(direct[i]).toEqual({ ...target, direct: true });
    });
  });

  it('has the same ones each time, as telemetry knows them by their objects', () => {
    for (const kind of [false, true]) {
      const [first, gated] = targetOf(kind);
      expect(targetOf(kind)[0]).toBe(first);
      expect(targetOf(kind)[1]).toBe(gated);
    }
  });
});
