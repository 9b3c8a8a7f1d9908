import { describe, expect, it } from 'vitest';
import { authorizePath, findUser } from './access.ts';
import { isAllowed, type RoleGrant, vizPrometheusGrant } from './rbac.ts';
import { forbidden, type ResourceAttempt } from './status.ts';

const USER = 'system:serviceaccount:linkerd-viz:prometheus';
const attempt = (change: Partial<ResourceAttempt> = {}): ResourceAttempt => ({
  user: USER,
  verb: 'watch',
  apiGroup: '',
  resource: 'pods',
  namespace: null,
  name: null,
  ...change,
});
const grant = (change: Partial<RoleGrant['rules'][0]>, namespaces: string[] | null = null): RoleGrant[] => [
  {
    role: 'r',
    users: [USER],
    namespaces,
    rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'], ...change }],
  },
];

describe('RBAC', () => {
  it("lets linkerd-viz's Prometheus do what its scrape jobs need, and nothing else", () => {
    const viz = [vizPrometheusGrant('linkerd-viz')];
    for (const verb of ['get', 'list', 'watch']) {
      for (const resource of ['pods', 'nodes', 'nodes/proxy'])
        expect(isAllowed(viz, attempt({ verb, resource }))).toBe(true);
    }
    expect(isAllowed(viz, attempt({ namespace: 'linkerd' }))).toBe(true);
    expect(isAllowed(viz, attempt({ verb: 'delete' }))).toBe(false);
    expect(isAllowed(viz, attempt({ resource: 'services' }))).toBe(false);
    expect(isAllowed(viz, attempt({ resource: 'pods/log' }))).toBe(false);
    expect(isAllowed(viz, attempt({ apiGroup: 'apps' }))).toBe(false);
    expect(isAllowed(viz, attempt({ user: 'system:anonymous' }))).toBe(false);
  });

  it('confines a RoleBinding to its namespaces', () => {
    const rules = grant({ verbs: ['list'] }, ['shop']);
    expect(isAllowed(rules, attempt({ verb: 'list', namespace: 'shop' }))).toBe(true);
    expect(isAllowed(rules, attempt({ verb: 'list', namespace: 'other' }))).toBe(false);
    expect(isAllowed(rules, attempt({ verb: 'list' }))).toBe(false);
  });

  it('knows wildcards and names', () => {
    expect(isAllowed(grant({ verbs: ['*'], resources: ['*'], apiGroups: ['*'] }), attempt({ apiGroup: 'apps' }))).toBe(
      true,
    );
    expect(isAllowed(grant({ resources: ['*/proxy'] }), attempt({ verb: 'get', resource: 'nodes/proxy' }))).toBe(true);
    const named = grant({ resourceNames: ['web'], verbs: ['get', 'list'] });
    expect(isAllowed(named, attempt({ verb: 'get', name: 'web' }))).toBe(true);
    expect(isAllowed(named, attempt({ verb: 'get', name: 'cart' }))).toBe(false);
    expect(isAllowed(named, attempt({ verb: 'list' }))).toBe(false);
  });

  it('words a refusal as an API server does', () => {
    expect(forbidden(attempt()).message).toBe(
      `pods is forbidden: User "${USER}" cannot watch resource "pods" in API group "" at the cluster scope`,
    );
    expect(forbidden(attempt({ namespace: 'shop', name: 'web', verb: 'get' })).message).toBe(
      `pods "web" is forbidden: User "${USER}" cannot get resource "pods" in API group "" in the namespace "shop"`,
    );
    expect(forbidden(attempt({ resource: 'nodes/proxy', name: 'n1', verb: 'get' }))).toMatchObject({
      message: `nodes "n1" is forbidden: User "${USER}" cannot get resource "nodes/proxy" in API group "" at the cluster scope`,
      reason: 'Forbidden',
      code: 403,
      details: { name: 'n1', kind: 'nodes' },
    });
  });
});

describe('users', () => {
  const users = [{ name: USER, token: 'abc' }];
  it('are known by their tokens', () => {
    expect(findUser(users, 'Bearer abc')).toBe(USER);
    expect(findUser(users, undefined)).toBe('system:anonymous');
    expect(() => findUser(users, 'Bearer abd')).toThrow('Unauthorized');
  });
  it('discover with a token only; version and health are public', () => {
    authorizePath('system:anonymous', 'get', '/version');
    authorizePath('system:anonymous', 'get', '/readyz');
    authorizePath(USER, 'get', '/api/v1');
    expect(() => authorizePath('system:anonymous', 'get', '/api')).toThrow(
      'forbidden: User "system:anonymous" cannot get path "/api"',
    );
    expect(() => authorizePath(USER, 'get', '/metrics')).toThrow(
      `forbidden: User "${USER}" cannot get path "/metrics"`,
    );
  });
});
