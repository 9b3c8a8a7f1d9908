import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SchemaChange } from '../../result/upgrade/types.ts';
import type { FamilySchema, MeshSchema } from '../types.ts';
import { diffSchemas } from './diff.ts';
import { familyOf, labelOf, meshOf, targetOf } from './testing/schemas.ts';

const proxy = (from: string, to: string) => ({ proxy: { from, to } });
const UNKNOWN = proxy('2.366.0', '2.999.0');

function changesOf(before: MeshSchema[], after: MeshSchema[], versions = UNKNOWN): SchemaChange[] {
  return diffSchemas(before, after, versions).changes;
}

const lines = (changes: readonly SchemaChange[]) =>
  changes.map(({ kind, what, subject, before, after }) => `${kind} ${what} ${subject}: ${before} -> ${after}`);

/** The families of before and after, each side in two worlds. */
function between(before: FamilySchema[], after: FamilySchema[], versions = UNKNOWN): SchemaChange[] {
  return changesOf([meshOf(before), meshOf(before)], [meshOf(after), meshOf(after)], versions);
}

describe('the difference of families', () => {
  it('is nothing where both sides show the same', () => {
    expect(between([familyOf('a_total')], [familyOf('a_total')])).toEqual([]);
  });

  it('names what nobody knows without a reason, and says nothing of its labels', () => {
    const gone = familyOf('colour_of_the_sky', { type: 'gauge' }, [labelOf('shade', ['blue'])]);
    const [change, ...rest] = between([gone, familyOf('b_total')], [familyOf('b_total')]);
    expect(rest).toEqual([]);
    expect(change).toEqual({
      ...{
        kind: 'gone',
        what: 'family',
        subject: 'colour_of_the_sky',
        before: 'gauge',
        after: '',
        reason: '',
        guessed: false,
      },
    });
  });

  it('knows renames, also over several releases', () => {
    const [change] = between(
      [familyOf('identity_cert_refresh_count')],
      [familyOf('control_identity_cert_refreshes_total', {}, [labelOf('result', ['ok', 'error'])])],
      proxy('2.210.4', '2.246.0'),
    );
    expect(change).toMatchObject({
      ...{ kind: 'renamed', before: 'identity_cert_refresh_count', after: 'control_identity_cert_refreshes_total' },
      guessed: false,
      reason: expect.stringMatching(
        /since proxy v2\.220 \(Linkerd 2\.15\): .*; then .* since proxy v2\.227 \(Linkerd 2\.16\)$/,
      ),
    });
  });

  it('does not tell a rename where the old name is still there', () => {
    const old = familyOf('identity_cert_refreshes_total');
    const both = [old, familyOf('control_identity_cert_refreshes_total')];
    expect(lines(between([old], both, proxy('2.221.0', '2.246.0')))).toEqual([
      'new family control_identity_cert_refreshes_total:  -> counter',
    ]);
  });

  it('guesses renames by what is alike, and says by what', () => {
    const of = (name: string) =>
      familyOf(name, { help: 'Bytes that were sent to peers' }, [labelOf('peer_kind', ['a'])]);
    const other = familyOf('weather_info', { type: 'gauge' });
    const changes = between([of('tcp_sent_bytes_total')], [of('tcp_peer_sent_bytes_total'), other]);
    expect(lines(changes)).toEqual([
      'renamed family tcp_sent_bytes_total: tcp_sent_bytes_total -> tcp_peer_sent_bytes_total',
      'new family weather_info:  -> gauge',
    ]);
    expect(changes[0]).toMatchObject({
      guessed: true,
      reason: 'both are counters, the labels are the same, so is HELP, the names share most words',
    });
  });

  it('guesses nothing where two are as likely, or little is alike', () => {
    const of = (name: string) => familyOf(name, { help: 'Bytes' });
    const twins = between([of('sent_bytes_total')], [of('sent_a_bytes_total'), of('sent_b_bytes_total')]);
    expect(twins.filter(({ kind }) => kind === 'renamed')).toEqual([]);
    const strangers = between([familyOf('apples_total')], [familyOf('pears_seconds', { type: 'histogram' })]);
    expect(strangers.map(({ kind }) => kind)).toEqual(['gone', 'new']);
  });

  it('puts the families of one balancer into one line', () => {
    const families = ['endpoints', 'p2c_endpoints', 'queue_length', 'queue_requests_total'].map((name) =>
      familyOf(`outbound_tcp_balancer_${name}`, { type: name.endsWith('total') ? 'counter' : 'gauge' }),
    );
    expect(lines(between([], families, proxy('2.210.4', '2.221.0')))).toEqual([
      'new family outbound_tcp_balancer_* (4 families):  -> 1 counter, 3 gauges',
    ]);
  });

  it('leaves out what one world alone happened to show', () => {
    const errors = familyOf('weather_errors_total');
    const rare = familyOf('weather_rare_total');
    expect(changesOf([meshOf([rare]), meshOf([])], [meshOf([]), meshOf([])])).toEqual([]);
    expect(changesOf([meshOf([errors])], [meshOf([])])).toEqual([]);
    expect(changesOf([meshOf([rare])], [meshOf([])])).toHaveLength(1);
    expect(between([errors], [])).toHaveLength(1);
  });

  it('goes by scenario: what one of them always shows is no chance for being in no other', () => {
    const rare = [familyOf('weather_rare_total')];
    const worlds = (of: FamilySchema[]) => [meshOf(of, { scenario: 'a' }), meshOf([], { scenario: 'b' })];
    expect(changesOf(worlds(rare), worlds([]))).toHaveLength(1);
    // The other side never ran it.
    expect(changesOf(worlds(rare), [meshOf([], { scenario: 'b' })])).toEqual([]);
  });

  it('leaves out families of which one side has headers alone and the other prints none', () => {
    const silent = { page: { end: '# EOF', 'families without a series': 'nothing', duplicates: '' } };
    const empty = familyOf('outbound_tls_route_open_total', { empty: true, variants: [] });
    const changes = changesOf([meshOf([empty])], [meshOf([], silent)], proxy('2.359.0', '2.366.0'));
    expect(changes.map(({ what }) => what)).toEqual(['page']);
    expect(changesOf([meshOf([empty])], [meshOf([])])).toHaveLength(1);
  });
});

describe('the difference of labels', () => {
  const requests = (direction: string, labels: string[]) =>
    familyOf('request_total', {
      variants: [{ of: { direction }, series: 2, labels: labels.map((name) => labelOf(name, ['*'], true)) }],
    });

  it('goes by direction', () => {
    const [before, after] = [requests('inbound', ['authority', 'srv_name']), requests('inbound', ['srv_name'])];
    const [change] = between([before], [after], proxy('2.268.0', '2.277.0'));
    expect(change).toMatchObject({
      ...{ kind: 'gone', what: 'label', subject: 'request_total{direction="inbound"}', before: 'authority', after: '' },
      reason: '`authority` is no longer on inbound series since proxy v2.277 (Linkerd 2.18)',
    });
    const outbound = between(
      [requests('outbound', ['authority'])],
      [requests('outbound', [])],
      proxy('2.268.0', '2.277.0'),
    );
    expect(outbound).toMatchObject([{ kind: 'gone', what: 'label', reason: '' }]);
  });

  it('of several families, and several labels of them, are one line', () => {
    const names = ['inbound_a_total', 'inbound_b_total', 'tcp_open_total'];
    const of = (labels: string[]) =>
      names.map((name) =>
        familyOf(
          name,
          {},
          labels.map((one) => labelOf(one, ['*'], true)),
        ),
      );
    expect(lines(between(of(['pod_name']), of(['pod_name', 'host_name', 'zone_name'])))).toEqual([
      'new label inbound_a_total, inbound_b_total, tcp_open_total:  -> host_name, zone_name',
    ]);
  });

  it('counts what is on some series only as nothing that came or went', () => {
    const partial = familyOf('a_total', {}, [{ ...labelOf('reason', ['x']), everywhere: false }]);
    expect(between([partial], [familyOf('a_total')])).toEqual([]);
  });

  it('tells values of the version from those of the traffic', () => {
    const of = (label: string, ...values: string[]) => [familyOf('a_total', {}, [labelOf(label, values)])];
    expect(lines(between(of('srv_kind', 'server'), of('srv_kind', 'server', 'default')))).toEqual([
      'new label-value a_total:  -> srv_kind="default"',
    ]);
    expect(between(of('http_status', '200'), of('http_status', '200', '503'))).toEqual([]);
    expect(between(of('error', ''), of('error', '', 'CANCEL'))).toEqual([]);
  });

  it('guesses that one word stands for another where each is in all runs of one side', () => {
    const of = (...values: string[]) => meshOf([familyOf('a_total', {}, [labelOf('error', values)])]);
    const [change] = changesOf([of('', 'gone'), of('', 'gone')], [of('', 'left'), of('', 'left')]);
    expect(change).toMatchObject({ kind: 'renamed', before: 'error="gone"', after: 'error="left"', guessed: true });
    expect(changesOf([of('', 'gone')], [of('', 'left')])).toEqual([]);
    expect(changesOf([of('', 'gone'), of('')], [of('', 'left'), of('', 'left')])).toEqual([]);
  });

  it('sees that a label has no values any more', () => {
    const of = (value: string) => [
      familyOf('outbound_http_route_request_statuses_total', {}, [labelOf('hostname', [value], true)]),
    ];
    expect(between(of('*'), of(''), proxy('2.268.0', '2.280.0'))).toMatchObject([
      { kind: 'changed', what: 'label-value', before: 'hostname with values', after: 'hostname always empty' },
    ]);
  });
});

describe('the difference of headers and pages', () => {
  it('names type, unit, HELP and buckets', () => {
    const of = (over: Partial<FamilySchema>) => [
      familyOf('a_ms', { type: 'histogram', buckets: ['1', '+Inf'], ...over }),
    ];
    expect(between(of({}), of({ buckets: ['1', '2', '+Inf'] }))).toMatchObject([
      { what: 'buckets', subject: 'a_ms', before: '1 +Inf', after: '1 2 +Inf' },
    ]);
    expect(between(of({}), of({ type: 'gauge' }))).toMatchObject([
      { what: 'type', before: 'histogram', after: 'gauge' },
    ]);
    expect(between(of({}), of({ unit: 'seconds' }))).toMatchObject([{ what: 'unit', after: 'seconds' }]);
    expect(between(of({}), of({ help: 'Else' }))).toMatchObject([{ what: 'help', after: 'Else' }]);
  });

  it('takes units and full stops of another encoder for one change of the page', () => {
    const legacy = { page: { end: 'no mark', 'families without a series': 'nothing', duplicates: '' } };
    const before = meshOf([familyOf('process_open_fds', { help: 'Open files' })], legacy);
    const after = meshOf([familyOf('process_open_fds', { help: 'Open files.', unit: 'bytes' })]);
    expect(lines(changesOf([before], [after], proxy('2.210.4', '2.221.0')))).toEqual([
      'changed page page: it ends in no mark -> it ends in # EOF',
    ]);
  });

  it('says that series may be there twice where that is known, and that they are where it is seen', () => {
    const twice = { page: { end: '# EOF', 'families without a series': 'headers', duplicates: 'request_total' } };
    const [known] = changesOf([meshOf([])], [meshOf([])], proxy('2.268.0', '2.294.0'));
    expect(known).toMatchObject({
      what: 'page',
      after: 'the same series may be there twice',
      reason: /transport-header/,
    });
    const [seen] = changesOf([meshOf([])], [meshOf([], twice)]);
    expect(seen).toMatchObject({
      before: 'each series once',
      after: 'the same series twice: request_total',
      reason: '',
    });
  });
});

describe('the difference of targets', () => {
  const controllers = ['destination', 'identity'].map((of) => targetOf('linkerd-controller', of));
  const keep = (port: string) => ({ rules: { 'linkerd-controller': [`keep port =~ ${port}`] } });

  it('of a job is one line, which what it keeps belongs to', () => {
    const before = meshOf([], { targets: controllers, ...keep('admin-http') });
    const after = meshOf([], { ...keep('admin') });
    const changes = changesOf([before], [after], {
      ...proxy('2.294.0', '2.326.0'),
      linkerd: { from: '2.18', to: '2.19' },
    } as never);
    expect(lines(changes.filter(({ what }) => what === 'targets'))).toEqual([
      'gone targets linkerd-controller: destination, identity -> ',
    ]);
    expect(changes[0]!.reason).toMatch(/lost without an error$/);
  });

  it('that nobody knows about is told as it is seen', () => {
    expect(changesOf([meshOf([], { targets: controllers })], [meshOf([])])).toMatchObject([
      { kind: 'gone', subject: 'linkerd-controller', reason: '' },
    ]);
    const down = controllers.map((one) => ({ ...one, up: 0, down: 1 }));
    const broken = changesOf([meshOf([], { targets: controllers })], [meshOf([], { targets: down })]);
    expect(lines(broken)).toEqual([
      'changed targets linkerd-controller: destination: up -> down',
      'changed targets linkerd-controller: identity: up -> down',
    ]);
  });

  it('knows native sidecars, and leaves out how many there are', () => {
    const proxies = (native: number, up: number) =>
      meshOf([], { targets: [targetOf('linkerd-proxy', 'proxies', { native, up })] });
    const step = { linkerd: { from: '2.19', to: '2.20' } } as never;
    expect(changesOf([proxies(0, 4)], [proxies(5, 5)], step)).toMatchObject([
      { before: 'containers', after: /^native sidecars/, reason: /since Linkerd 2\.20/ },
    ]);
    expect(changesOf([proxies(0, 4)], [proxies(0, 9)], step)).toEqual([]);
  });
});

const arbitraryFamily = fc
  .record({
    name: fc.constantFrom('a_total', 'b_total', 'tcp_open_total', 'outbound_http_errors_total', 'c_seconds'),
    type: fc.constantFrom('counter', 'gauge', 'histogram'),
    help: fc.constantFrom('One', 'Two'),
    label: fc.constantFrom('error', 'srv_kind', 'srv_name', 'colour'),
    values: fc.uniqueArray(fc.constantFrom('', 'x', 'y', 'z'), { minLength: 1 }),
  })
  .map(({ name, type, help, label, values }) => familyOf(name, { type, help }, [labelOf(label, values)]));
const arbitraryMesh = fc
  .uniqueArray(arbitraryFamily, { selector: ({ name }) => name })
  .map((families) => meshOf(families));

describe('whatever the schemas are', () => {
  it('the same worlds differ in nothing, however many they are', () => {
    fc.assert(
      fc.property(fc.array(arbitraryMesh, { minLength: 1, maxLength: 3 }), (meshes) => {
        expect(changesOf(meshes, meshes)).toEqual([]);
      }),
    );
  });

  it('what is gone one way is new the other way', () => {
    const swap = { gone: 'new', new: 'gone', renamed: 'renamed', changed: 'changed' } as const;
    fc.assert(
      fc.property(arbitraryMesh, arbitraryMesh, (a, b) => {
        const there = changesOf([a, a], [b, b]).map(({ kind, what }) => `${kind} ${what}`);
        const back = changesOf([b, b], [a, a]).map(({ kind, what }) => `${swap[kind]} ${what}`);
        expect(there.sort()).toEqual(back.sort());
      }),
    );
  });
});
