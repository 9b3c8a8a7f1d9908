import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { runCommand } from '../../core/run-command.ts';
import { searchPath } from '../../core/search-path.ts';
import { tarGz, zip } from '../download/testing/pack.ts';
import { takeProgram } from './take.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'meshproof-archive-'));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** As large as several pieces of a stream, and not a multiple of a block. */
const PROGRAM = Buffer.from(Array.from({ length: 40_000 }, (_, i) => `line ${i}\n`).join(''));
const MEMBERS = [
  { path: 'k6-v1/', data: Buffer.alloc(0) },
  { path: 'k6-v1/k6.sha256', data: Buffer.from('x') },
  { path: 'k6-v1/k6', data: PROGRAM },
  { path: 'other/k6', data: Buffer.from('another') },
];

async function take(name: string, data: Buffer, member = 'k6-v1/k6'): Promise<Buffer> {
  const path = join(dir, 'archive');
  writeFileSync(path, data);
  await takeProgram({ name, path }, member, join(dir, 'k6'));
  return readFileSync(join(dir, 'k6'));
}

test.each([
  ['k6.tar.gz', tarGz(MEMBERS)],
  ['k6.zip', zip(MEMBERS)],
])('a program comes out of %s as it went in', async (name, archive) => {
  expect((await take(name, archive)).equals(PROGRAM)).toBe(true);
  expect((await take(name, archive, 'other/k6')).toString()).toBe('another');
  await expect(take(name, archive, 'k6')).rejects.toThrow(`${name} can't be unpacked: it has no file k6`);
  await expect(take(name, archive, 'k6-v1')).rejects.toThrow('it has no file k6-v1');
});

test.each([
  ['k6.tar.gz', 'half of it', tarGz(MEMBERS).subarray(0, 2000), 'it ends in the middle'],
  ['k6.tar.gz', 'a page', Buffer.from('<html>please log in</html>'), 'it is not packed as its name says'],
  ['k6.tar.gz', 'a zip', zip(MEMBERS), 'it is not packed as its name says'],
  ['k6.zip', 'half of it', zip(MEMBERS).subarray(0, 2000), 'Either not a zip file, or file is truncated'],
  ['k6.zip', 'a page', Buffer.from('<html>please log in</html>'), 'Either not a zip file, or file is truncated'],
  ['k6.zip', 'nothing', Buffer.alloc(0), 'Either not a zip file, or file is truncated'],
  ['k6.deb', 'something else', Buffer.alloc(0), 'neither .tar.gz nor .zip'],
])('%s that is %s', async (name, _, data, message) => {
  await expect(take(name, data)).rejects.toThrow(message);
});

const [tar] = searchPath('tar', process.env);

// GNU tar writes longer names in a header of their own, and so does bsdtar, in its own way.
test.runIf(tar)('an archive that this machine’s tar makes, with a name of more than 100 bytes', async () => {
  const folder = 'a-rather-long-name'.repeat(4);
  const member = `${folder}/${folder}/k6`;
  const script = `mkdir -p ${folder}/${folder} && cp ../program ${member} && ${tar} -czf ../made.tar.gz ${folder}`;
  writeFileSync(join(dir, 'program'), PROGRAM);
  for (const form of ['', '--format=pax ', '--format=ustar ']) {
    const cwd = mkdtempSync(join(dir, 'tree-'));
    const made = await runCommand('sh', ['-c', script.replace('-czf', `${form}-czf`)], { cwd, deadlineMs: 10_000 });
    expect(made).toMatchObject({ code: 0 });
    expect((await take('made.tar.gz', readFileSync(join(dir, 'made.tar.gz')), member)).equals(PROGRAM), form).toBe(
      true,
    );
  }
});
