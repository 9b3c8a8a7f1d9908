import { describe, expect, test } from 'vitest';
import { HarnessError } from '../core/errors.ts';
import { type ParsedJournal, parseJournals } from './truth.ts';

const H = 'H,2,shop%2Fcart,cart-1,0,1000.000';

function journal(...lines: string[]): string {
  return `${[H, ...lines].join('\n')}\n`;
}

function only(text: string): ParsedJournal {
  const journals = parseJournals([text]);
  expect(journals).toHaveLength(1);
  return journals[0]!;
}

describe('a journal', () => {
  test('names its incarnation', () => {
    expect(only(journal())).toEqual({
      workload: 'shop/cart',
      pod: 'cart-1',
      incarnation: '0',
      startMs: 1000,
      endMs: null,
      served: [],
      made: [],
      accepted: [],
      connected: [],
      cutLine: null,
    });
  });

  test('has served requests, however they ended', () => {
    const text = journal(
      'S,1,1001.000,shop%2Fweb,GET,%2Fitems',
      'S,2,1001.250,-,POST,other',
      'B,1,1002.000,200',
      'S,3,1003.000,a%2Cb,GET,%2Fitems',
      'E,1,1005.500,200,1002.000,',
      'X,2,1006.000,client-gone,0',
      'S,4,1006.000,-,GET,%2F',
      'B,4,1007.000,201',
      'X,4,1008.000,reset-mid-body,201',
      'Z,1009.000',
    );
    const { served, endMs } = only(text);
    expect(endMs).toBe(1009);
    const base = { method: 'GET', caller: '-', grpc: null };
    expect(served).toEqual([
      {
        ...base,
        caller: 'shop/web',
        route: '/items',
        startMs: 1001,
        firstByteMs: 1002,
        endMs: 1005.5,
        outcome: 'completed',
        status: 200,
      },
      {
        ...base,
        method: 'POST',
        route: 'other',
        startMs: 1001.25,
        firstByteMs: null,
        endMs: 1006,
        outcome: 'client-gone',
        status: 0,
      },
      {
        ...base,
        caller: 'a,b',
        route: '/items',
        startMs: 1003,
        firstByteMs: null,
        endMs: null,
        outcome: 'open',
        status: 0,
      },
      {
        ...base,
        route: '/',
        startMs: 1006,
        firstByteMs: 1007,
        endMs: 1008,
        outcome: 'reset-mid-body',
        status: 201,
      },
    ]);
  });

  test('has the requests that the pod made', () => {
    const text = journal(
      's,1,1001.000,shop%2Fdb,GET,%2Frows',
      's,2,1001.000,shop%2Fdb,GET,%2Frows',
      's,3,1001.000,shop%2Fdb,PUT,%2Frows',
      'e,2,1002.000,503,1002.000,,no%20endpoints,',
      'x,1,1003.000,timeout,0',
    );
    const none = { pod: '', meshError: '', grpc: null };
    const base = { callee: 'shop/db', method: 'GET', route: '/rows', startMs: 1001, ...none };
    expect(only(text).made).toEqual([
      { ...base, firstByteMs: null, endMs: 1003, outcome: 'timeout', status: 0 },
      { ...base, firstByteMs: 1002, endMs: 1002, outcome: 'completed', status: 503, meshError: 'no endpoints' },
      { ...base, method: 'PUT', firstByteMs: null, endMs: null, outcome: 'open', status: 0 },
    ]);
  });

  test("has gRPC's codes, and ends without one", () => {
    const text = journal(
      'S,1,1001.000,shop%2Fweb,POST,%2Fa.B%2FC',
      'S,2,1001.000,shop%2Fweb,POST,%2Fa.B%2FC',
      'E,1,1002.000,200,1002.000,16',
      'E,2,1002.000,200,1002.000,-',
      's,1,1001.000,shop%2Fdb,POST,%2Fa.B%2FC',
      's,2,1001.000,shop%2Fdb,POST,%2Fa.B%2FC',
      'e,1,1002.000,200,1002.000,db-0,,0',
      'e,2,1002.000,200,1002.000,db-0,,-',
    );
    const { served, made } = only(text);
    expect(served.map((r) => r.grpc)).toEqual([16, 'missing']);
    expect(made.map((r) => r.grpc)).toEqual([0, 'missing']);
  });

  test('has TCP connections of both sides', () => {
    const text = journal(
      'O,1,1001.000',
      'o,1,1001.500,shop%2Fdb',
      'O,2,1002.000',
      'C,1,1003.000,shop%2Fweb,120,4096,closed',
      'o,2,1003.000,shop%2Fdb',
      'o,3,1003.000,shop%2Fdb',
      'c,1,1004.000,10,20,timeout,db-0',
      'c,2,1004.000,0,0,refused,',
    );
    const { accepted, connected } = only(text);
    expect(accepted).toEqual([
      {
        caller: 'shop/web',
        openMs: 1001,
        closeMs: 1003,
        outcome: 'closed',
        readBytes: 120,
        writtenBytes: 4096,
      },
      { caller: '-', openMs: 1002, closeMs: null, outcome: 'open', readBytes: 0, writtenBytes: 0 },
    ]);
    const base = { callee: 'shop/db', pod: '', readBytes: 0, writtenBytes: 0 };
    expect(connected).toEqual([
      { ...base, openMs: 1001.5, closeMs: 1004, outcome: 'timeout', readBytes: 10, writtenBytes: 20, pod: 'db-0' },
      { ...base, openMs: 1003, closeMs: 1004, outcome: 'refused' },
      { ...base, openMs: 1003, closeMs: null, outcome: 'open' },
    ]);
  });

  test('may stand behind another in one text', () => {
    const second = H.replace(',0,', ',1,');
    const journals = parseJournals([`${journal('S,1,1001.000,-,GET,other')}${second}\n`, '', journal()]);
    expect(journals.map((j) => [j.incarnation, j.served.length])).toEqual([
      ['0', 1],
      ['1', 0],
      ['0', 0],
    ]);
  });
});

describe('a line that a kill cut off', () => {
  test('is reported, not counted', () => {
    const read = only(journal('S,1,1001.000,-,GET,other', 'E,1,1002.000,200,1002.0').slice(0, -1));
    expect(read).toMatchObject({ cutLine: 'E,1,1002.000,200,1002.0', served: [{ outcome: 'open' }] });
  });

  test('is told by its mark when another journal follows', () => {
    const second = H.replace(',0,', ',1,');
    const journals = parseJournals([`${journal('S,1,1001.000,-,GET,%2Fite%')}${second}\n`]);
    expect(journals.map(({ cutLine, served }) => [cutLine, served.length])).toEqual([
      ['S,1,1001.000,-,GET,%2Fite', 0],
      [null, 0],
    ]);
  });

  test('may be a header', () => {
    expect(parseJournals(['H,2,shop'])).toEqual([]);
    expect(parseJournals([`H,2,sh%\n${journal()}`])).toHaveLength(1);
  });
});

/** Each begins with the message that it must produce. */
const BAD: [message: string, text: string][] = [
  ['journal 1, line 1: a journal must begin with H', 'S,1,1001.000,-,GET,other\n'],
  ['journal 1, line 1: a journal must begin with H', '<html>'],
  ['journal 1, line 1: version 1 is not 2', H.replace('H,2,', 'H,1,').concat('\n')],
  ['journal 1, line 1: 5 fields where 6 are due', `${H.replace(',0,', ',')}\n`],
  ['journal 1, line 1: field 4 is empty', `${H.replace('cart-1', '')}\n`],
  ['journal 1, line 2: unknown kind of line', journal('Q,1')],
  ['journal 1, line 2: unknown kind of line', journal('')],
  ['journal 1, line 2: 5 fields where 6 are due', journal('S,1,1001.000,-,GET')],
  ['journal 1, line 2: bad id "01"', journal('S,01,1001.000,-,GET,other')],
  ['journal 1, line 2: bad time "1001"', journal('S,1,1001,-,GET,other')],
  ['journal 1, line 2: bad percent-encoding "%2"', journal('S,1,1001.000,%2,GET,other')],
  ['journal 1, line 2: id 1 never began', journal('E,1,1001.000,200,1001.000,')],
  ['journal 1, line 2: id 1 never began', journal('e,1,1001.000,200,1001.000,,,')],
  ['journal 1, line 3: id 1 begins twice', journal('S,1,1001.000,-,GET,other', 'S,1,1001.000,-,GET,other')],
  [
    'journal 1, line 4: id 1 has already ended',
    journal('S,1,1001.000,-,GET,other', 'E,1,1001.000,200,1001.000,', 'X,1,1001.000,reset,0'),
  ],
  [
    'journal 1, line 4: a second first byte',
    journal('S,1,1001.000,-,GET,other', 'B,1,1001.000,200', 'B,1,1002.000,200'),
  ],
  [
    'journal 1, line 4: status or first byte differ from line B',
    journal('S,1,1001.000,-,GET,other', 'B,1,1001.000,200', 'E,1,1002.000,500,1001.000,'),
  ],
  [
    'journal 1, line 4: status or first byte differ from line B',
    journal('S,1,1001.000,-,GET,other', 'B,1,1001.000,200', 'E,1,1002.000,200,1001.500,'),
  ],
  ['journal 1, line 3: bad status "20"', journal('S,1,1001.000,-,GET,other', 'E,1,1001.000,20,1001.000,')],
  ['journal 1, line 3: bad status "00"', journal('S,1,1001.000,-,GET,other', 'X,1,1001.000,reset,00')],
  ['journal 1, line 3: "gone" is none of', journal('S,1,1001.000,-,GET,other', 'X,1,1001.000,gone,0')],
  ['journal 1, line 3: "reset" is none of', journal('s,1,1001.000,a%2Fb,GET,other', 'x,1,1001.000,reset,0')],
  [
    'journal 1, line 3: time 1000.999 lies before what must precede it',
    journal('S,1,1001.000,-,GET,other', 'X,1,1000.999,reset,0'),
  ],
  [
    'journal 1, line 3: time 1002.000 lies before what must precede it',
    journal('S,1,1001.000,-,GET,other', 'E,1,1002.000,200,1002.001,'),
  ],
  ['journal 1, line 3: 5 fields where 6 are due', journal('S,1,1001.000,-,GET,other', 'E,1,1001.000,200,1001.000')],
  [
    'journal 1, line 3: 7 fields where 8 are due',
    journal('s,1,1001.000,a%2Fb,GET,other', 'e,1,1001.000,200,1001.000,,'),
  ],
  ['journal 1, line 3: bad gRPC code "17"', journal('S,1,1001.000,-,GET,other', 'E,1,1001.000,200,1001.000,17')],
  ['journal 1, line 3: bad gRPC code "00"', journal('s,1,1001.000,a,GET,other', 'e,1,1001.000,200,1001.000,,,00')],
  ['journal 1, line 2: id 1 never began', journal('C,1,1001.000,-,0,0,closed')],
  ['journal 1, line 2: id 1 never began', journal('c,1,1001.000,0,0,closed,')],
  ['journal 1, line 3: id 1 begins twice', journal('O,1,1001.000', 'O,1,1001.000')],
  ['journal 1, line 3: bad count "-1"', journal('O,1,1001.000', 'C,1,1001.000,-,-1,0,closed')],
  ['journal 1, line 3: bad count "01"', journal('o,1,1001.000,a%2Fb', 'c,1,1001.000,0,01,closed,')],
  ['journal 1, line 3: "timeout" is none of', journal('O,1,1001.000', 'C,1,1001.000,-,0,0,timeout')],
  ['journal 1, line 3: "gone" is none of', journal('o,1,1001.000,a%2Fb', 'c,1,1001.000,0,0,gone,')],
  ['journal 1, line 3: field 4 is empty', journal('O,1,1001.000', 'C,1,1001.000,,0,0,closed')],
  ['journal 1, line 3: time 1000.000 lies before', journal('o,1,1001.000,a%2Fb', 'c,1,1000.000,0,0,closed,')],
  ['journal 1, line 3: something follows the end', journal('Z,1001.000', 'S,1,1001.000,-,GET,other')],
  ['journal 1, line 3: something follows a line that was cut off', journal('S,1,10%', 'S,2,1001.000,-,GET,other')],
];

test.each(BAD)('%s', (message, text) => {
  let error: unknown;
  try {
    parseJournals([text]);
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(HarnessError);
  expect((error as HarnessError).code).toBe('BAD_JOURNAL');
  expect((error as HarnessError).message).toContain(message);
});
