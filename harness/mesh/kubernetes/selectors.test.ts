import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { escapeFieldValue, fieldMatcher, labelMatcher } from './selectors.ts';
import type { KubernetesObject } from './types.ts';

const pod = (name: string, labels: Record<string, string> = {}, phase = 'Running'): KubernetesObject => ({
  kind: 'Pod',
  apiVersion: 'v1',
  metadata: { name, namespace: 'shop', labels },
  spec: { nodeName: 'n1' },
  status: { phase },
});

describe('field selectors', () => {
  it.each([
    ['', true],
    ['metadata.name=web', true],
    ['metadata.name==web', true],
    ['metadata.name=cart', false],
    ['metadata.name!=web', false],
    ['metadata.name=web,status.phase!=Running', false],
    ['metadata.namespace=shop,spec.nodeName=n1', true],
    ['spec.restartPolicy=', true],
  ])('%s', (selector, expected) => {
    expect(fieldMatcher('pods', selector)(pod('web'))).toBe(expected);
  });

  it('finds every escaped name, and no other', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, other) => {
        const matches = fieldMatcher('pods', `metadata.name=${escapeFieldValue(name)}`);
        expect(matches(pod(name))).toBe(true);
        expect(matches(pod(other))).toBe(name === other);
        expect(fieldMatcher('pods', `metadata.name!=${escapeFieldValue(name)}`)(pod(other))).toBe(name !== other);
      }),
    );
  });

  it('names a field that cannot be selected', () => {
    expect(() => fieldMatcher('nodes', 'status.podIP=1')).toThrow('field label not supported: status.podIP');
  });

  it.each(['metadata.name', 'metadata.name=a=b', 'metadata.name=a\\b'])('refuses %s', (selector) => {
    expect(() => fieldMatcher('pods', selector)).toThrow(/invalid/);
  });
});

describe('label selectors', () => {
  const labels = { app: 'web', 'linkerd.io/control-plane-ns': 'linkerd', empty: '' };
  it.each([
    ['', true],
    ['app=web', true],
    ['app == web', true],
    ['app!=web', false],
    ['tier!=db', true],
    ['app in (cart, web)', true],
    ['app in (cart,pay),linkerd.io/control-plane-ns=linkerd', false],
    ['app notin (cart,pay)', true],
    ['tier notin (db)', true],
    ['tier in (db)', false],
    ['app,!tier', true],
    ['!app', false],
    ['empty=', true],
    ['tier=', false],
  ])('%s', (selector, expected) => {
    expect(labelMatcher(selector)(pod('web', labels))).toBe(expected);
  });

  it.each(['app=a b', '=x', 'app in (a', 'a,,b', 'app>1', '-app'])('refuses %s', (selector) => {
    expect(() => labelMatcher(selector)).toThrow('unable to parse requirement');
  });

  it('takes in(values) apart as the values were put together', () => {
    const value = fc.stringMatching(/^[A-Za-z0-9](?:[A-Za-z0-9_.-]{0,8}[A-Za-z0-9])?$/);
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 5 }), value, (values, actual) => {
        const object = pod('web', { app: actual });
        expect(labelMatcher(`app in (${values.join(',')})`)(object)).toBe(values.includes(actual));
        expect(labelMatcher(`app notin (${values.join(', ')})`)(object)).toBe(!values.includes(actual));
      }),
    );
  });
});
