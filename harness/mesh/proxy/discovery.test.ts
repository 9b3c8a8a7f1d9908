import { describe, expect, it } from 'vitest';
import { Discovery } from './discovery.ts';

const service = (namespace: string, name: string, port = 80) => ({
  namespace,
  name,
  clusterIp: '10.0.0.1',
  port,
  targetPort: 8080,
  pods: [],
});
const discovery = new Discovery(
  [service('shop', 'web'), service('shop', 'api', 8080), service('bank', 'pay')],
  [],
  'cluster.local',
);

describe('Discovery.resolve', () => {
  it.each([
    ['web', 'shop', 'shop/web'],
    ['web:80', 'shop', 'shop/web'],
    ['WEB.Shop', 'bank', 'shop/web'],
    ['web.shop.svc', 'bank', 'shop/web'],
    ['web.shop.svc:80', 'bank', 'shop/web'],
    ['web.shop.svc.cluster.local', 'bank', 'shop/web'],
    ['web.shop.svc.cluster.local.', 'bank', 'shop/web'],
    ['web.shop.svc.cluster.local:80', 'bank', 'shop/web'],
    ['api.shop:8080', 'bank', 'shop/api'],
    ['pay.bank', 'shop', 'bank/pay'],
    ['web', 'bank', undefined],
    ['pay', 'shop', undefined],
    ['web:81', 'shop', undefined],
    ['api.shop', 'shop', undefined],
    ['web.shop.svc.other.domain', 'shop', undefined],
    ['web.svc.cluster.local', 'shop', undefined],
    ['127.0.0.1:80', 'shop', undefined],
    ['', 'shop', undefined],
  ])('%s called from %s is %s', (authority, from, expected) => {
    const found = discovery.resolve(authority, from);
    expect(found && `${found.namespace}/${found.name}`).toBe(expected);
  });
});
