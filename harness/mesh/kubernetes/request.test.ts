import { describe, expect, it } from 'vitest';
import { parseListOptions, parsePath } from './request.ts';

describe('paths', () => {
  it.each([
    ['/api/v1/pods', { resource: 'pods', namespace: null, name: null, subresource: [] }],
    ['/api/v1/namespaces/shop/pods', { resource: 'pods', namespace: 'shop', name: null }],
    ['/api/v1/namespaces/shop/pods/web-1', { resource: 'pods', namespace: 'shop', name: 'web-1' }],
    ['/api/v1/namespaces', { resource: 'namespaces', namespace: null, name: null }],
    ['/api/v1/namespaces/shop', { resource: 'namespaces', namespace: 'shop', name: 'shop' }],
    ['/api/v1/nodes/n1/proxy/metrics/cadvisor', { name: 'n1', subresource: ['proxy', 'metrics', 'cadvisor'] }],
    ['/api/v1/endpoints', { kind: 'unknown-resource', apiGroup: '', resource: 'endpoints' }],
    ['/apis/apps/v1/namespaces/shop/deployments', { kind: 'unknown-resource', apiGroup: 'apps', namespace: 'shop' }],
    ['/api/v1', { kind: 'path' }],
    ['/version', { kind: 'path', path: '/version' }],
    ['//', { kind: 'path' }],
  ])('%s', (path, expected) => {
    expect(parsePath(path)).toMatchObject(expected);
  });
});

describe('list options', () => {
  const parse = (query: string) => parseListOptions(new URLSearchParams(query));

  it('reads what Prometheus asks', () => {
    expect(
      parse(
        'allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan&sendInitialEvents=true&timeoutSeconds=421&watch=true',
      ),
    ).toMatchObject({ watch: true, sendInitialEvents: true, allowWatchBookmarks: true, timeoutMs: 421_000 });
    expect(parse('limit=500&resourceVersion=0')).toMatchObject({ watch: false, limit: 500, resourceVersion: 0 });
  });

  it.each([
    ['watch=1&sendInitialEvents=true', 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan'],
    ['watch=1&resourceVersionMatch=NotOlderThan', 'forbidden for watch unless sendInitialEvents is provided'],
    ['resourceVersionMatch=NotOlderThan', 'forbidden unless resourceVersion is provided'],
    ['resourceVersionMatch=Exact&resourceVersion=0', 'forbidden for resourceVersion "0"'],
    ['resourceVersionMatch=Newest&resourceVersion=1', 'Unsupported value: "Newest"'],
    ['sendInitialEvents=true', 'forbidden for list'],
    ['resourceVersion=x', 'invalid resourceVersion "x"'],
  ])('refuses %s', (query, message) => {
    expect(() => parse(query)).toThrow(message);
  });
});
