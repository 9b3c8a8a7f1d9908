import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { JournalTail } from './journal-tail.ts';
import { temporaryDir } from './testing.ts';

test('counts what is there, and later what was added, lines cut anywhere', () => {
  using dir = temporaryDir();
  const file = join(dir.path, 'journal');
  const tail = new JournalTail(file);
  tail.read();
  expect(tail.counts).toEqual({ started: 0, ended: 0, failed: 0 });
  expect(tail.originMs).toBeNull();

  const text = [
    'H,1,meshproof%2Fload,load-1,0,1000.000',
    's,1,1001.000,shop%2Fweb,GET,%2F',
    's,2,1001.000,shop%2Fweb,GET,%2F',
    's,3,1001.000,shop%2Fweb,GET,%2F',
    's,4,1001.000,shop%2Fweb,GET,%2F',
    's,5,1001.000,shop%2Fpay,POST,%2Fa.B%2FC',
    's,6,1001.000,shop%2Fpay,POST,%2Fa.B%2FC',
    's,7,1001.000,shop%2Fpay,POST,%2Fa.B%2FC',
    'e,1,1002.000,404,1002.000,,,',
    'e,2,1003.000,503,1003.000,,,',
    'e,5,1003.000,200,1003.000,pay-0,,14',
    'e,6,1003.000,200,1003.000,pay-0,,5',
    'e,7,1003.000,200,1003.000,pay-0,,-',
    'x,3,1004.000,timeout,0',
    'Z,1005.000',
    '',
  ].join('\n');
  for (let at = 0; at < text.length; at += 7) {
    appendFileSync(file, text.slice(at, at + 7));
    tail.read();
  }
  expect(tail.counts).toEqual({ started: 7, ended: 6, failed: 3 });
  expect(tail).toMatchObject({ originMs: 1000, endMs: 1005 });
});

test('a journal longer than one reading', () => {
  using dir = temporaryDir();
  const file = join(dir.path, 'journal');
  appendFileSync(file, 's,1,1001.000,shop%2Fweb,GET,%2F\n'.repeat(30_000));
  const tail = new JournalTail(file);
  tail.read();
  expect(tail.counts.started).toBe(30_000);
});
