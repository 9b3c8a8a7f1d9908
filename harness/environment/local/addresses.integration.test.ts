import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { type AddressSpace, addressOptions, claimAddresses } from './addresses.ts';

const block = () => `127.${randomInt(16, 250)}.${randomInt(1, 250)}`;

describe.runIf(process.platform === 'linux')('where each pod can have an address', () => {
  it('gives each its own in one block, and the ports that are asked for', async () => {
    await using space = await claimAddresses();
    const prefix = /^127\.\d+\.\d+/.exec(space.hostIp)![0];
    expect([space.perPod, space.hostIp, space.podIp(), space.podIp()]).toEqual([
      true,
      `${prefix}.1`,
      `${prefix}.2`,
      `${prefix}.3`,
    ]);
    expect(await space.listen(`${prefix}.2`, 4143)).toEqual({ host: `${prefix}.2`, port: 4143 });
  });

  it('holds its block until it is disposed of', async () => {
    const wanted = block();
    {
      await using space = await claimAddresses({ block: wanted });
      expect(space.hostIp).toBe(`${wanted}.1`);
      await expect(claimAddresses({ block: wanted })).rejects.toMatchObject({
        code: 'PORT_TAKEN',
        message: expect.stringContaining(`${wanted}.1:4199`),
      });
    }
    await (await claimAddresses({ block: wanted }))[Symbol.asyncDispose]();
  });

  it('has room for 253 pods', async () => {
    await using space = await claimAddresses();
    const ips = Array.from({ length: 253 }, () => space.podIp());
    expect(new Set(ips).size).toBe(253);
    expect(ips.at(-1)).toMatch(/\.254$/);
    expect(() => space.podIp()).toThrow(expect.objectContaining({ code: 'TOO_MANY_PODS' }));
  });
});

describe('where there is one address', () => {
  const ports = async (space: AddressSpace, count: number) =>
    (await Promise.all(Array.from({ length: count }, () => space.listen('127.9.9.9', 4143)))).map(({ port }) => port);

  it('gives ports that are free, below those of outgoing connections, each once', async () => {
    await using space = await claimAddresses({ onlyOneAddress: true });
    expect([space.perPod, space.hostIp, space.podIp()]).toEqual([false, '127.0.0.1', '127.0.0.1']);
    // More than a block has.
    const given = await ports(space, 300);
    expect(new Set(given).size).toBe(300);
    expect(Math.min(...given)).toBeGreaterThan(10_240);
    expect(Math.max(...given)).toBeLessThan(32_768);
    const server = createServer().listen(given[0], '127.0.0.1');
    await once(server, 'listening');
    server.close();
  });

  it('never gives to one what another has, though neither listens yet', async () => {
    await using one = await claimAddresses({ onlyOneAddress: true });
    await using other = await claimAddresses({ onlyOneAddress: true });
    const given = [...(await ports(one, 100)), ...(await ports(other, 100))];
    expect(new Set(given).size).toBe(200);
  });
});

describe('MESHPROOF_LOOPBACK', () => {
  it.each([
    [undefined, {}],
    ['', {}],
    ['single', { onlyOneAddress: true }],
    ['127.77.3', { block: '127.77.3' }],
  ])('%j is %j', (wanted, options) => {
    expect(addressOptions({ MESHPROOF_LOOPBACK: wanted })).toEqual(options);
  });

  it.each(['127.0.0.1', '127.256.1', '128.1.1', '127.1', 'one'])('refuses %s', (wanted) => {
    expect(() => addressOptions({ MESHPROOF_LOOPBACK: wanted })).toThrow(
      expect.objectContaining({ code: 'BAD_LOOPBACK', message: expect.stringContaining(wanted), exitCode: 2 }),
    );
  });
});
