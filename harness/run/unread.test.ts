import { expect, it } from 'vitest';
import type { Reason, VerdictValue } from '../result/types.ts';
import { addUnread } from './unread.ts';

const result = (verdict: VerdictValue, ...reasons: Reason[]) => ({ verdict, reasons });
const inconclusive = (message: string): Reason => ({ code: 'NO_DATA', verdict: 'inconclusive', message });
const page = { namespace: 'shop', pod: 'web-1', instance: '10.0.0.1:4191', error: 'connect ECONNREFUSED' };

it('names what was wrong with a page, once', () => {
  const kept = [
    inconclusive('shop/web-1: Prometheus has no target for it'),
    inconclusive('shop/web-2: the proxy ledger has no target for it'),
  ];
  const one = result('inconclusive', inconclusive('shop/web-1: the proxy ledger has no target for it'), ...kept);
  addUnread(one, [page]);
  expect(one.reasons).toEqual([...kept, inconclusive("shop/web-1: its page can't be read: connect ECONNREFUSED")]);
  // Some sources say themselves whose page it is.
  const other = result('fail');
  addUnread(other, [{ ...page, error: "shop/web-1: http://10.0.0.1:4191/metrics can't be read: status 403" }]);
  expect(other).toEqual(
    result('fail', inconclusive("shop/web-1: its page http://10.0.0.1:4191/metrics can't be read: status 403")),
  );
});

it('makes no pass of missing data, and changes nothing where none is missing', () => {
  const passed = result('pass');
  addUnread(passed, []);
  expect(passed).toEqual(result('pass'));
  addUnread(passed, [page]);
  expect(passed.verdict).toBe('inconclusive');
});
