import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseNetDev } from './pod-network.ts';
import { sidecarOptions } from './sidecar-env.ts';
import { settingsOf } from './testing/pods.ts';

const log = () => {};
const env = {
  _pod_name: 'web-0',
  _pod_ns: 'shop',
  _pod_uid: 'u',
  _pod_ip: '10.0.0.1',
  _pod_sa: 'web',
  MESHPROOF_SIDECAR: JSON.stringify(settingsOf('web', 8080)),
  LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS: 'PEM',
};

describe('sidecarOptions', () => {
  it('reads what the injector sets', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'env-'));
    const tokenFile = join(dir, 'token');
    await writeFile(tokenFile, 'first');
    const options = sidecarOptions({ ...env, LINKERD2_PROXY_IDENTITY_TOKEN_FILE: tokenFile }, log);
    expect(options).toMatchObject({
      pod: { namespace: 'shop', name: 'web-0', uid: 'u', ip: '10.0.0.1', serviceAccount: 'web' },
      settings: settingsOf('web', 8080),
      trustAnchorsPem: 'PEM',
      addresses: {},
    });
    expect(await options.readToken()).toBe('first');
    // The kubelet replaces it.
    await writeFile(tokenFile, 'second');
    expect(await options.readToken()).toBe('second');
    await rm(dir, { recursive: true });
  });

  it("takes Linkerd's variables for addresses", () => {
    const { addresses } = sidecarOptions(
      {
        ...env,
        LINKERD2_PROXY_INBOUND_LISTEN_ADDR: '127.9.9.9:4143',
        LINKERD2_PROXY_ADMIN_LISTEN_ADDR: '[::]:4191',
        LINKERD2_PROXY_IDENTITY_SVC_ADDR: 'localhost.:8080',
      },
      log,
    );
    expect(addresses).toEqual({
      inbound: { host: '127.9.9.9', port: 4143 },
      admin: { host: '::', port: 4191 },
      identity: { host: 'localhost.', port: 8080 },
    });
  });

  it.each([
    ['a variable that is missing', { _pod_ip: '' }, '_pod_ip is not set'],
    ['settings that are not JSON', { MESHPROOF_SIDECAR: '{' }, 'MESHPROOF_SIDECAR is not JSON'],
    [
      'settings that lack something',
      { MESHPROOF_SIDECAR: '{"app":null}' },
      'MESHPROOF_SIDECAR.workload is not a string',
    ],
    ['an app that is none', { MESHPROOF_SIDECAR: '{"app":{"port":"x"}}' }, 'MESHPROOF_SIDECAR.app is neither'],
    ['an address that is none', { LINKERD2_PROXY_INBOUND_LISTEN_ADDR: '4143' }, '4143 is not host:port'],
  ])('names %s', (_what, change, problem) => {
    expect(() => sidecarOptions({ ...env, ...change }, log)).toThrow(
      expect.objectContaining({ code: 'BAD_SIDECAR_ENV', message: expect.stringContaining(problem) }),
    );
  });

  it('names all that is wrong at once', () => {
    expect(() => sidecarOptions({}, log)).toThrow(/_pod_ns is not set.*TRUST_ANCHORS is not set.*MESHPROOF_SIDECAR/);
  });
});

it('adds up the bytes of all interfaces of the pod', () => {
  const text = `Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo: 1000      10    0    0    0     0          0         0     1000      10    0    0    0     0       0          0
  eth0:20000      20    0    0    0     0          0         0      300       3    0    0    0     0       0          0
`;
  expect(parseNetDev(text)).toEqual({ networkReceiveBytes: 21_000, networkTransmitBytes: 1300 });
});
