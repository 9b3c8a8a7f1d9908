import { expect, it } from 'vitest';
import { PodDoctor } from './pod-state.ts';
import { podObject, waiting } from './testing/pods.ts';

it('gives a missing ConfigMap five seconds, counted from when it was seen to be missing', () => {
  const doctor = new PodDoctor();
  const missing = podObject('cart-1', {
    ready: false,
    state: waiting('CreateContainerConfigError', 'no such ConfigMap'),
  });
  expect(doctor.hopeless(missing, 1000)).toBeNull();
  expect(doctor.hopeless(missing, 5900)).toBeNull();
  expect(doctor.hopeless(missing, 6000)).toBe('app: waiting (CreateContainerConfigError: no such ConfigMap)');
  expect(doctor.hopeless(podObject('cart-1'), 6100)).toBeNull();
  expect(doctor.hopeless(missing, 6200)).toBeNull();
});
