import { describe, expect, it } from 'vitest';
import { definition, manifest } from '../testing/manifest.ts';
import { readDefinitions } from './definitions.ts';

const ROUTES = [definition('httproutes'), definition('grpcroutes')];

describe('readDefinitions', () => {
  it('takes the definitions and nothing else', () => {
    const { objects, version } = readDefinitions(manifest(ROUTES));
    expect(objects.map(({ metadata }) => metadata.name)).toEqual([
      'grpcroutes.gateway.networking.k8s.io',
      'httproutes.gateway.networking.k8s.io',
    ]);
    expect(objects.every(({ status }) => status === undefined)).toBe(true);
    expect(version).toBe('v1.5.1');
  });

  it('gives what says the same the same digest, however it is written down', () => {
    const one = readDefinitions(manifest(ROUTES));
    const other = ROUTES.toReversed().map(({ kind, metadata, ...rest }) => ({ ...rest, metadata, kind }));
    expect(readDefinitions(`# other\n---\n${manifest(other)}\n---\n`).digest).toBe(one.digest);
    expect(one.digest).toMatch(/^[0-9a-f]{64}$/);
  });

  it('gives what says something else another digest', () => {
    const [http, grpc] = ROUTES as [(typeof ROUTES)[0], (typeof ROUTES)[0]];
    const changed = { ...http, spec: { ...(http.spec as object), scope: 'Cluster' } };
    expect(readDefinitions(manifest([changed, grpc])).digest).not.toBe(readDefinitions(manifest(ROUTES)).digest);
  });

  it.each([
    ['no routes', manifest([definition('gateways')]), 'it does not define httproutes.gateway.networking.k8s.io'],
    ['a page', '<html>not found</html>', 'it does not define httproutes.gateway.networking.k8s.io'],
    ['nothing', '', 'it does not define httproutes.gateway.networking.k8s.io'],
    ['two versions', manifest([...ROUTES, definition('gateways', 'v1.4.0')]), 'it mixes the versions v1.4.0, v1.5.1'],
    [
      'the experimental channel',
      manifest([...ROUTES, definition('tcproutes', 'v1.5.1', 'experimental')]),
      'tcproutes.gateway.networking.k8s.io is not of the standard channel',
    ],
  ])('refuses %s', (_, text, message) => {
    expect(() => readDefinitions(text)).toThrow(message);
  });

  it('refuses what is no YAML', () => {
    expect(() => readDefinitions('a: [')).toThrow();
  });
});
