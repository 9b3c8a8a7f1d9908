import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ParsedJournal, parseJournals } from './truth.ts';
import type { AcceptedConnection, MadeConnection, MadeRequest, ServedRequest } from './types.ts';

/** Writes a journal as contract.ts says: requests in the order of their starts, their ends behind all starts. */
function write(truth: Omit<ParsedJournal, 'cutLine'>): string {
  const t = (ms: number) => ms.toFixed(3);
  const text = encodeURIComponent;
  const lines = [`H,2,${text(truth.workload)},${text(truth.pod)},${text(truth.incarnation)},${t(truth.startMs)}`];
  truth.served.forEach((r, i) => {
    lines.push(`S,${i + 1},${t(r.startMs)},${text(r.caller)},${r.method},${text(r.route)}`);
  });
  truth.made.forEach((r, i) => {
    lines.push(`s,${i + 1},${t(r.startMs)},${text(r.callee)},${r.method},${text(r.route)}`);
  });
  truth.served.forEach((r, i) => {
    if (r.firstByteMs !== null && r.endMs !== r.firstByteMs) lines.push(`B,${i + 1},${t(r.firstByteMs)},${r.status}`);
    if (r.outcome === 'completed') {
      lines.push(`E,${i + 1},${t(r.endMs!)},${r.status},${t(r.firstByteMs!)},${grpcText(r.grpc)}`);
    } else if (r.outcome !== 'open') lines.push(`X,${i + 1},${t(r.endMs!)},${r.outcome},${r.status}`);
  });
  truth.made.forEach((r, i) => {
    const head = `${i + 1},${r.endMs === null ? '' : t(r.endMs)}`;
    if (r.outcome === 'completed') {
      lines.push(`e,${head},${r.status},${t(r.firstByteMs!)},${text(r.pod)},${text(r.meshError)},${grpcText(r.grpc)}`);
    } else if (r.outcome !== 'open') lines.push(`x,${head},${r.outcome},${r.status}`);
  });
  truth.accepted.forEach((c, i) => {
    lines.push(`O,${i + 1},${t(c.openMs)}`);
    if (c.closeMs === null) return;
    lines.push(`C,${i + 1},${t(c.closeMs)},${text(c.caller)},${c.readBytes},${c.writtenBytes},${c.outcome}`);
  });
  truth.connected.forEach((c, i) => {
    lines.push(`o,${i + 1},${t(c.openMs)},${text(c.callee)}`);
    if (c.closeMs === null) return;
    lines.push(`c,${i + 1},${t(c.closeMs)},${c.readBytes},${c.writtenBytes},${c.outcome},${text(c.pod)}`);
  });
  if (truth.endMs !== null) lines.push(`Z,${t(truth.endMs)}`);
  return `${lines.join('\n')}\n`;
}

function grpcText(grpc: number | 'missing' | null): string {
  return grpc === 'missing' ? '-' : String(grpc ?? '');
}

const ms = fc.integer({ min: 1_700_000_000_000_000, max: 1_900_000_000_000_000 }).map((us) => us / 1000);
const later = fc.integer({ min: 1, max: 60_000_000 });
const after = (t: number, us: number) => Math.round(t * 1000 + us) / 1000;
const word = fc.string({ unit: 'binary', minLength: 1, maxLength: 12 });
const verb = fc.constantFrom('GET', 'POST', 'HEAD');
const code = fc.integer({ min: 200, max: 599 });
const grpc = fc.constantFrom(null, 'missing' as const, 0, 1, 14, 16);
const bytes = fc.maxSafeNat();

const served: fc.Arbitrary<ServedRequest> = fc
  .record({
    caller: word,
    method: verb,
    route: word,
    startMs: ms,
    first: later,
    rest: later,
    status: code,
    grpc,
    sent: fc.boolean(),
    outcome: fc.constantFrom<ServedRequest['outcome']>(
      'completed',
      'client-gone',
      'reset',
      'closed',
      'reset-mid-body',
      'open',
    ),
  })
  .map(({ first, rest, sent, ...r }) => {
    const begun = sent || r.outcome === 'completed';
    const firstByteMs = begun ? after(r.startMs, first) : null;
    const endMs = r.outcome === 'open' ? null : after(firstByteMs ?? r.startMs, rest);
    const code = r.outcome === 'completed' ? r.grpc : null;
    return { ...r, firstByteMs, endMs, status: begun ? r.status : 0, grpc: code };
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
    grpc,
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
    const status = r.outcome === 'open' ? 0 : r.status;
    return { ...r, firstByteMs: null, endMs, pod: '', meshError: '', status, grpc: null };
  });

const connection = { openMs: ms, lasts: fc.option(later), readBytes: bytes, writtenBytes: bytes };
const NOT_CLOSED = { closeMs: null, outcome: 'open', readBytes: 0, writtenBytes: 0 } as const;

const accepted: fc.Arbitrary<AcceptedConnection> = fc
  .record({ ...connection, caller: word, outcome: fc.constantFrom('closed' as const, 'reset' as const) })
  .map(({ lasts, ...c }) => {
    if (lasts === null) return { ...c, ...NOT_CLOSED, caller: '-' };
    return { ...c, closeMs: after(c.openMs, lasts) };
  });

const connected: fc.Arbitrary<MadeConnection> = fc
  .record({
    ...connection,
    callee: word,
    pod: fc.oneof(fc.constant(''), word),
    outcome: fc.constantFrom<MadeConnection['outcome']>('closed', 'reset', 'refused', 'timeout'),
  })
  .map(({ lasts, ...c }) => {
    if (lasts === null) return { ...c, ...NOT_CLOSED, pod: '' };
    return { ...c, closeMs: after(c.openMs, lasts) };
  });

const truth = fc.record({
  workload: word,
  pod: word,
  incarnation: word,
  startMs: ms,
  endMs: fc.option(ms),
  served: fc.array(served, { maxLength: 12 }),
  made: fc.array(made, { maxLength: 12 }),
  accepted: fc.array(accepted, { maxLength: 6 }),
  connected: fc.array(connected, { maxLength: 6 }),
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
