import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { DISCOVERY_IDLE_MS, IdleServices } from './idle-services.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it('tells of a service five seconds after its last use has ended, once', () => {
  const idle: string[] = [];
  const services = new IdleServices<string>((service) => idle.push(service));
  const connection = services.use('web');
  const request = services.use('web');
  const other = services.use('cart');
  connection();
  connection();
  vi.advanceTimersByTime(60_000);
  expect(idle).toEqual([]);
  request();
  vi.advanceTimersByTime(DISCOVERY_IDLE_MS - 1);
  // Used again in time.
  const again = services.use('web');
  vi.advanceTimersByTime(60_000);
  expect(idle).toEqual([]);
  again();
  vi.advanceTimersByTime(DISCOVERY_IDLE_MS);
  expect(idle).toEqual(['web']);
  vi.advanceTimersByTime(60_000);
  expect(idle).toEqual(['web']);
  other();
  services.clear();
  vi.advanceTimersByTime(60_000);
  expect(idle).toEqual(['web']);
});
