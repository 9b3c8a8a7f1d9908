import { EventEmitter } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Downloader } from './downloader.ts';
import { sha256 } from './testing/pack.ts';
import { startProxy } from './testing/proxy.ts';
import { ReleaseServer } from './testing/release-server.ts';

const DATA = Buffer.from(Array.from({ length: 30_000 }, (_, i) => `${i} `).join(''));

let server: ReleaseServer;
let dir: string;
beforeEach(async () => {
  server = await ReleaseServer.start();
  dir = mkdtempSync(join(tmpdir(), 'meshproof-download-'));
});
afterEach(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(dir, { recursive: true, force: true });
});

async function download(env: NodeJS.ProcessEnv = { MESHPROOF_RELEASES: server.url }, path = 'a/b'): Promise<string> {
  await using downloader = new Downloader(env, undefined, 0);
  return await downloader.file(path, join(dir, 'file'), () => received.emit('more'));
}
const stored = () => readFileSync(join(dir, 'file'));

/** Emits `more` when the client has stored something: what lies in its buffers is lost with the connection. */
const received = new EventEmitter();

/** Sends a part, and cuts the connection as soon as the client has some of it. */
function cutAfter(response: ServerResponse, part: Buffer | string): void {
  received.once('more', () => response.destroy());
  response.write(part);
}

/** Sends what is asked for, and cuts the connection after so many bytes of it. */
function cutting(afterBytes: number[], ranges: (string | undefined)[], headers: Record<string, string>) {
  return (response: ServerResponse, request: IncomingMessage) => {
    ranges.push(request.headers.range);
    const wanted = request.headers['if-range'] === (headers.etag ?? headers['last-modified']);
    const from = wanted ? Number(request.headers.range?.match(/^bytes=(\d+)-$/)?.[1] ?? 0) : 0;
    const range = from > 0 && { 'content-range': `bytes ${from}-${DATA.length - 1}/${DATA.length}` };
    response.writeHead(from > 0 ? 206 : 200, { 'content-length': DATA.length - from, ...headers, ...range });
    const cut = afterBytes.shift();
    if (cut === undefined) response.end(DATA.subarray(from));
    else cutAfter(response, DATA.subarray(from, from + cut));
  };
}

describe('a transfer that is cut', () => {
  test('goes on where it ended', async () => {
    const ranges: (string | undefined)[] = [];
    server.files.set('/a/b', cutting([50_000, 60_000], ranges, { etag: '"v1"' }));
    expect(await download()).toBe(sha256(DATA));
    expect(stored().equals(DATA)).toBe(true);
    expect(ranges).toHaveLength(3);
    expect(ranges[0]).toBeUndefined();
    const [second, third] = ranges.slice(1).map((range) => Number(range!.match(/\d+/)![0]));
    expect(second).toBeGreaterThan(0);
    expect(third).toBeGreaterThan(second!);
  });

  test('begins again when the file is another one by now', async () => {
    const ranges: (string | undefined)[] = [];
    server.files.set('/a/b', (response, request) => {
      server.files.set('/a/b', cutting([], ranges, { etag: '"v2"' }));
      response.writeHead(200, { 'content-length': 90_000, etag: '"v1"' });
      cutAfter(response, Buffer.alloc(40_000, 'x'));
      ranges.push(request.headers.range);
    });
    expect(await download()).toBe(sha256(DATA));
    expect(stored().equals(DATA)).toBe(true);
    expect(ranges[1]).toMatch(/^bytes=\d+-$/);
  });

  test('is an error where the server does not say what file it was', async () => {
    const ranges: (string | undefined)[] = [];
    server.files.set('/a/b', cutting([50_000, 50_000], ranges, { etag: 'W/"weak"' }));
    await expect(download()).rejects.toThrow(`${server.url}/a/b: the connection was cut (UND_ERR_SOCKET)`);
    expect(ranges).toHaveLength(1);
  });

  test('is an error in the end when it is cut each time', async () => {
    const ranges: (string | undefined)[] = [];
    const cuts = Array.from({ length: 20 }, () => 1000);
    server.files.set('/a/b', cutting(cuts, ranges, { 'last-modified': 'Mon, 02 Mar 2026 00:00:00 GMT' }));
    await expect(download()).rejects.toThrow('the connection was cut');
    expect(ranges).toHaveLength(5);
  });

  test('does not go on with another part than the one that was asked for', async () => {
    server.files.set('/a/b', (response) => {
      server.files.set('/a/b', (again) => {
        again.writeHead(206, { 'content-range': 'bytes 7-9/10', 'content-length': 3 }).end('abc');
      });
      response.writeHead(200, { 'content-length': 10, etag: '"v1"' });
      cutAfter(response, '12345');
    });
    await expect(download()).rejects.toThrow('it answers with another part of the file');
  });
});

describe('proxies', () => {
  test('HTTPS_PROXY is asked for github.com, and what it refuses is said', async () => {
    await using proxy = await startProxy(403);
    const refused = download({ HTTPS_PROXY: proxy.url });
    await expect(refused).rejects.toThrow(
      'https://github.com/a/b: the proxy of HTTPS_PROXY refuses it with status 403',
    );
    expect(proxy.asked).toEqual(['CONNECT github.com:443']);
  });

  test('one that wants a password', async () => {
    await using proxy = await startProxy(407);
    await expect(download({ https_proxy: proxy.url })).rejects.toThrow(
      'status 407; it wants a user and a password: http://user:password@proxy',
    );
  });

  test('a mirror without TLS goes through HTTP_PROXY, unless NO_PROXY excepts it', async () => {
    await using proxy = await startProxy();
    server.files.set('/a/b', DATA);
    expect(await download({ MESHPROOF_RELEASES: server.url, HTTP_PROXY: proxy.url })).toBe(sha256(DATA));
    expect(proxy.asked).toHaveLength(1);
    const env = { MESHPROOF_RELEASES: server.url, HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.1' };
    expect(await download(env)).toBe(sha256(DATA));
    expect(proxy.asked).toHaveLength(1);
  });

  test('one that is not there', async () => {
    await expect(download({ HTTPS_PROXY: 'http://127.0.0.1:2' })).rejects.toThrow(
      'https://github.com/a/b: nobody listens there (ECONNREFUSED)',
    );
  });
});

describe('a mirror', () => {
  test('that wants a password gets it, and no other server does', async () => {
    server.redirects = true;
    const seen: (string | undefined)[] = [];
    server.files.set('/base/a/b', (response, request) => {
      seen.push(request.headers.authorization);
      response.end(DATA);
    });
    const url = new URL('/base/', server.url);
    url.username = 'me';
    url.password = 'p@ss';
    expect(await download({ MESHPROOF_RELEASES: url.href })).toBe(sha256(DATA));
    expect(seen).toEqual([undefined]);
    server.redirects = false;
    await download({ MESHPROOF_RELEASES: url.href });
    expect(seen[1]).toBe(`Basic ${Buffer.from('me:p@ss').toString('base64')}`);
    server.files.delete('/base/a/b');
    // The password is not in what is printed.
    await expect(download({ MESHPROOF_RELEASES: url.href })).rejects.toThrow(`${server.url}/base/a/b: status 404`);
  });

  test.each([
    ['a path', (path: string) => path],
    ['a file: URL', (path: string) => `file://${path}`],
  ])('that is a folder, by %s', async (_, named) => {
    const file = join(dir, 'mirror', 'a', 'b');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, DATA);
    const env = { MESHPROOF_RELEASES: named(join(dir, 'mirror')) };
    expect(await download(env)).toBe(sha256(DATA));
    await expect(download(env, 'a/c')).rejects.toThrow(
      `${join(dir, 'mirror', 'a', 'c')}: there is no such file (ENOENT)`,
    );
  });

  test('that is neither', () => {
    expect(() => new Downloader({ MESHPROOF_RELEASES: 'ftp://mirror' }, undefined)).toThrow(
      'MESHPROOF_RELEASES is ftp://mirror: neither a folder nor an address that begins with https://',
    );
  });
});

test.each([
  [403, 'status 403: it may not be had'],
  [404, 'status 404: there is no such file'],
  [429, 'status 429: too many downloads'],
  [503, 'status 503'],
])('a server that answers %d', async (status, message) => {
  server.files.set('/a/b', (response) => response.writeHead(status).end());
  await expect(download()).rejects.toThrow(`${server.url}/a/b: ${message}`);
});

test('how far it is, for whoever waits', async () => {
  const data = Buffer.alloc(3_200_000);
  server.files.set('/a/b', (response) => response.writeHead(200, { 'content-length': data.length }).end(data));
  await using downloader = new Downloader({ MESHPROOF_RELEASES: server.url }, undefined, 0);
  const told: string[] = [];
  await downloader.file('a/b', join(dir, 'file'), (text) => told.push(text));
  expect(told.every((text) => /^[0-3] of 3 MB$/.test(text))).toBe(true);
  expect(told.at(-1)).toBe('3 of 3 MB');
});

test('a machine without names', async () => {
  const nowhere = download({ MESHPROOF_RELEASES: 'http://releases.invalid' });
  await expect(nowhere).rejects.toThrow(
    /^http:\/\/releases\.invalid\/a\/b: its name .*; behind a proxy or without a network see docs\/air-gapped\.md \((?:ENOTFOUND|EAI_AGAIN)\)$/,
  );
});

test('a page in place of a checksum file, without an end', async () => {
  server.files.set('/a/b', Buffer.alloc(2 << 20, 'x'));
  await using downloader = new Downloader({ MESHPROOF_RELEASES: server.url }, undefined);
  await expect(downloader.text('a/b')).rejects.toThrow('it is no checksum file: too long');
});

test.runIf(process.platform === 'linux')('a disk that is full is not taken for a bad server', async () => {
  server.files.set('/a/b', DATA);
  await using downloader = new Downloader({ MESHPROOF_RELEASES: server.url }, undefined);
  await expect(downloader.file('a/b', '/dev/full')).rejects.toThrow(
    /^\/dev\/full can't be written: there is no space left \(ENOSPC\)$/,
  );
  expect(server.asked).toHaveLength(1);
});

test('a folder that is not there', async () => {
  server.files.set('/a/b', DATA);
  await using downloader = new Downloader({ MESHPROOF_RELEASES: server.url }, undefined);
  const to = join(dir, 'not-there', 'file');
  await expect(downloader.file('a/b', to)).rejects.toThrow(`${to} can't be written: there is no such file (ENOENT)`);
});
