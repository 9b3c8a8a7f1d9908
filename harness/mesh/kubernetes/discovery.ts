import { RESOURCES, type ResourceName } from './types.ts';

/** What the API says about itself: /version, /api, /apis, /api/v1 and the health paths. undefined: not one of them. */
export function discoveryDocument(path: string): { json: unknown } | { text: string } | undefined {
  switch (path.replace(/\/$/, '')) {
    case '/version':
      return { json: VERSION };
    case '/healthz':
    case '/livez':
    case '/readyz':
      return { text: 'ok' };
    case '/api':
      return {
        json: {
          kind: 'APIVersions',
          versions: ['v1'],
          serverAddressByClientCIDRs: [],
        },
      };
    case '/apis':
      return { json: { kind: 'APIGroupList', apiVersion: 'v1', groups: [] } };
    case '/api/v1':
      return { json: { kind: 'APIResourceList', groupVersion: 'v1', resources: apiResources() } };
    default:
      return undefined;
  }
}

/** Paths that everyone may read, as system:public-info-viewer grants. */
export const PUBLIC_PATHS: ReadonlySet<string> = new Set(['/version', '/healthz', '/livez', '/readyz']);

const VERSION = {
  major: '1',
  minor: '34',
  gitVersion: 'v1.34.4',
  gitTreeState: 'clean',
  platform: `${process.platform}/${process.arch}`,
};

function apiResources(): unknown[] {
  return (Object.keys(RESOURCES) as ResourceName[]).map((name) => ({
    name,
    singularName: RESOURCES[name].singular,
    namespaced: RESOURCES[name].namespaced,
    kind: RESOURCES[name].kind,
    verbs: ['get', 'list', 'watch'],
    shortNames: RESOURCES[name].shortNames,
  }));
}
