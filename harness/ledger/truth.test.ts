import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { HarnessError } from '../core/errors.ts';
import { type ParsedJournal, parseJournals } from './truth.ts';
import type { MadeRequest, ServedRequest } from './types.ts';

const H = 'H,1,shop%2Fcart,cart-1,0,1000.000';

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
      cutLine: null,
    });
  });

  test('has served requests, however they ended', () => {
    const text = journal(
      'S,1,1001.000,shop%2Fweb,GET,%2Fitems',
      'S,2,1001.250,-,POST,other',
      'B,1,1002.000,200',
      'S,3,1003.000,a%2Cb,GET,%2Fitems',
      'E,1,1005.500,200,1002.000',
      'X,2,1006.000,client-gone,0',
      'S,4,1006.000,-,GET,%2F',
      'B,4,1007.000,201',
      'X,4,1008.000,reset-mid-body,201',
      'Z,1009.000',
    );
    const { served, endMs } = only(text);
    expect(endMs).toBe(1009);
    const base = { method: 'GET', caller: '-' };
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
      'e,2,1002.000,503,1002.000,,no%20endpoints',
      'x,1,1003.000,timeout,0',
    );
    const base = { callee: 'shop/db', method: 'GET', route: '/rows', startMs: 1001, pod: '', meshError: '' };
    expect(only(text).made).toEqual([
      { ...base, firstByteMs: null, endMs: 1003, outcome: 'timeout', status: 0 },
      { ...base, firstByteMs: 1002, endMs: 1002, outcome: 'completed', status: 503, meshError: 'no endpoints' },
      { ...base, method: 'PUT', firstByteMs: null, endMs: null, outcome: 'open', status: 0 },
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
    expect(parseJournals(['H,1,shop'])).toEqual([]);
    expect(parseJournals([`H,1,sh%\n${journal()}`])).toHaveLength(1);
  });
});

/** Each begins with the message that it must produce. */
const BAD: [message: string, text: string][] = [
  ['journal 1, line 1: a journal must begin with H', 'S,1,1001.000,-,GET,other\n'],
  ['journal 1, line 1: a journal must begin with H', '<html>'],
  ['journal 1, line 1: version 2 is not 1', H.replace('H,1,', 'H,2,').concat('\n')],
  ['journal 1, line 1: 5 fields where 6 are due', `${H.replace(',0,', ',')}\n`],
  ['journal 1, line 1: field 4 is empty', `${H.replace('cart-1', '')}\n`],
  ['journal 1, line 2: unknown kind of line', journal('Q,1')],
  ['journal 1, line 2: unknown kind of line', journal('')],
  ['journal 1, line 2: 5 fields where 6 are due', journal('S,1,1001.000,-,GET')],
  ['journal 1, line 2: bad id "01"', journal('S,01,1001.000,-,GET,other')],
  ['journal 1, line 2: bad time "1001"', journal('S,1,1001,-,GET,other')],
  ['journal 1, line 2: bad percent-encoding "%2"', journal('S,1,1001.000,%2,GET,other')],
  ['journal 1, line 2: id 1 never began', journal('E,1,1001.000,200,1001.000')],
  ['journal 1, line 2: id 1 never began', journal('e,1,1001.000,200,1001.000,,')],
  ['journal 1, line 3: id 1 begins twice', journal('S,1,1001.000,-,GET,other', 'S,1,1001.000,-,GET,other')],
  [
    'journal 1, line 4: id 1 has already ended',
    journal('S,1,1001.000,-,GET,other', 'E,1,1001.000,200,1001.000', 'X,1,1001.000,reset,0'),
  ],
  [
    'journal 1, line 4: a second first byte',
    journal('S,1,1001.000,-,GET,other', 'B,1,1001.000,200', 'B,1,1002.000,200'),
  ],
  [
    'journal 1, line 4: status or first byte differ from line B',
    journal('S,1,1001.000,-,GET,other', 'B,1,1001.000,200', 'E,1,1002.000,500,1001.000'),
  ],
  [
    'journal 1, line 4: status or first byte differ from line B',
    journal('S,1,1001.000,-,GET,other', 'B,1,1001.000,200', 'E,1,1002.000,200,1001.500'),
  ],
  ['journal 1, line 3: bad status "20"', journal('S,1,1001.000,-,GET,other', 'E,1,1001.000,20,1001.000')],
  ['journal 1, line 3: bad status "00"', journal('S,1,1001.000,-,GET,other', 'X,1,1001.000,reset,00')],
  ['journal 1, line 3: "gone" is none of', journal('S,1,1001.000,-,GET,other', 'X,1,1001.000,gone,0')],
  ['journal 1, line 3: "reset" is none of', journal('s,1,1001.000,a%2Fb,GET,other', 'x,1,1001.000,reset,0')],
  [
    'journal 1, line 3: time 1000.999 lies before what must precede it',
    journal('S,1,1001.000,-,GET,other', 'X,1,1000.999,reset,0'),
  ],
  [
    'journal 1, line 3: time 1002.000 lies before what must precede it',
    journal('S,1,1001.000,-,GET,other', 'E,1,1002.000,200,1002.001'),
  ],
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

/** Writes a journal as contract.ts says: requests in the order of their starts, their ends behind all starts. */
function write(truth: Omit<ParsedJournal, 'cutLine'>): string {
  const t = (ms: number) => ms.toFixed(3);
  const text = encodeURIComponent;
  const lines = [`H,1,${text(truth.workload)},${text(truth.pod)},${text(truth.incarnation)},${t(truth.startMs)}`];
  truth.served.forEach((r, i) => {
    lines.push(`S,${i + 1},${t(r.startMs)},${text(r.caller)},${r.method},${text(r.route)}`);
  });
  truth.made.forEach((r, i) => {
    lines.push(`s,${i + 1},${t(r.startMs)},${text(r.callee)},${r.method},${text(r.route)}`);
  });
  truth.served.forEach((r, i) => {
    if (r.firstByteMs !== null && r.endMs !== r.firstByteMs) lines.push(`B,${i + 1},${t(r.firstByteMs)},${r.status}`);
    if (r.outcome === 'completed') lines.push(`E,${i + 1},${t(r.endMs!)},${r.status},${t(r.firstByteMs!)}`);
    else if (r.outcome !== 'open') lines.push(`X,${i + 1},${t(r.endMs!)},${r.outcome},${r.status}`);
  });
  truth.made.forEach((r, i) => {
    const head = `${i + 1},${r.endMs === null ? '' : t(r.endMs)}`;
    if (r.outcome === 'completed') {
      lines.push(`e,${head},${r.status},${t(r.firstByteMs!)},${text(r.pod)},${text(r.meshError)}`);
    } else if (r.outcome !== 'open') lines.push(`x,${head},${r.outcome},${r.status}`);
  });
  if (truth.endMs !== null) lines.push(`Z,${t(truth.endMs)}`);
  return `${lines.join('\n')}\n`;
}

const ms = fc.integer({ min: 1_700_000_000_000_000, max: 1_900_000_000_000_000 }).map((us) => us / 1000);
const later = fc.integer({ min: 1, max: 60_000_000 });
const after = (t: number, us: number) => Math.round(t * 1000 + us) / 1000;
const word = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
const verb = fc.constantFrom('GET', 'POST', 'HEAD');
const code = fc.integer({ min: 200, max: 599 });

const served: fc.Arbitrary<ServedRequest> = fc
  .record({
    caller: word,
    method: verb,
    route: word,
    startMs: ms,
    first: later,
    rest: later,
    status: code,
    sent: fc.boolean(),
    outcome: fc.constantFrom<ServedRequest['outcome']>('completed', 'client-gone', 'reset', 'reset-mid-body', 'open'),
  })
  .map(({ first, rest, sent, ...r }) => {
    const begun = sent || r.outcome === 'completed';
    const firstByteMs = begun ? after(r.startMs, first) : null;
    const endMs = r.outcome === 'open' ? null : after(firstByteMs ?? r.startMs, rest);
    return { ...r, firstByteMs, endMs, status: begun ? r.status : 0 };
  });

const made: fc.Arbitrary<MadeRequest> = fc
  .record({
    callee: word,
    method: verb,
    route: word,
    startMs: ms,
    first: later,
    rest: later,
    status: code,
    pod: fc.oneof(fc.constant(''), word),
    meshError: fc.oneof(fc.constant(''), word),
    outcome: fc.constantFrom<MadeRequest['outcome']>('completed', 'timeout', 'connection', 'open'),
  })
  .map(({ first, rest, ...r }) => {
    if (r.outcome === 'completed') {
      const firstByteMs = after(r.startMs, first);
      return { ...r, firstByteMs, endMs: after(firstByteMs, rest) };
    }
    const endMs = r.outcome === 'open' ? null : after(r.startMs, rest);
    return { ...r, firstByteMs: null, endMs, pod: '', meshError: '', status: r.outcome === 'open' ? 0 : r.status };
  });

const truth = fc.record({
  workload: word,
  pod: word,
  incarnation: word,
  startMs: ms,
  endMs: fc.option(ms),
  served: fc.array(served, { maxLength: 12 }),
  made: fc.array(made, { maxLength: 12 }),
});

describe('for any truth', () => {
  test('what is written is read back', () => {
    fc.assert(
      fc.property(truth, truth, (one, two) => {
        expect(parseJournals([write(one) + write(two)])).toEqual([
          { ...one, cutLine: null },
          { ...two, cutLine: null },
        ]);
      }),
      { numRuns: 300 },
    );
  });

  test('any prefix parses, and tells of requests in the order of the whole', () => {
    fc.assert(
      fc.property(truth, fc.nat(), (one, at) => {
        const text = write(one);
        const length = at % (text.length + 1);
        const prefix = text.slice(0, length);
        const [read] = parseJournals([prefix]);
        if (prefix.includes('\n')) {
          expect(read!.served.map((r) => r.startMs)).toEqual(
            one.served.slice(0, read!.served.length).map((r) => r.startMs),
          );
          expect(read!.cutLine ?? '').toBe(prefix.slice(prefix.lastIndexOf('\n') + 1));
        } else {
          expect(read).toBeUndefined();
        }
      }),
      { numRuns: 500 },
    );
  });

  test('a cut prefix followed by the next incarnation parses as /truth marks it', () => {
    fc.assert(
      fc.property(truth, truth, fc.nat(), (one, two, at) => {
        const prefix = write(one).slice(0, at % write(one).length);
        const marked = prefix === '' || prefix.endsWith('\n') ? prefix : `${prefix}%\n`;
        const expected = [...parseJournals([prefix]), ...parseJournals([write(two)])];
        expect(parseJournals([marked + write(two)])).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});
