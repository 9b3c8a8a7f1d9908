import { expect, it } from 'vitest';
import { injectedPod } from './objects.ts';
import { completedCopy, editedPod } from './pod-edits.ts';
import { meshConfig, podConfig, RELEASE } from './testing/mesh-config.ts';

const pod = injectedPod(meshConfig([podConfig()]), podConfig(), RELEASE);
const names = (list: { name: string }[] = []) => list.map(({ name }) => name);

it('leaves the pod that it is given as it is', () => {
  const before = JSON.stringify(pod);
  editedPod(pod, [
    { op: 'without-proxy' },
    { op: 'label', name: 'app', value: null },
    { op: 'phase', phase: 'Pending' },
  ]);
  completedCopy(pod, 'web-0');
  expect(JSON.stringify(pod)).toBe(before);
  expect(editedPod(pod, [])).toBe(pod);
});

it('renames a container in spec and status alike, and a port wherever it is', () => {
  const edited = editedPod(pod, [
    { op: 'rename-container', from: 'linkerd-proxy', to: 'l5d' },
    { op: 'rename-port', from: 'linkerd-admin', to: 'metrics' },
    { op: 'rename-port', from: 'nothing', to: 'x' },
  ]);
  expect(names(edited.spec.initContainers)).toEqual(['linkerd-init', 'l5d']);
  expect(names(edited.status.initContainerStatuses)).toEqual(['linkerd-init', 'l5d']);
  expect(edited.spec.initContainers?.[1]?.ports?.map(({ name }) => name)).toEqual(['linkerd-proxy', 'metrics']);
});

it('sets labels and annotations, and takes them away', () => {
  const edited = editedPod(pod, [
    { op: 'label', name: 'linkerd.io/control-plane-ns', value: null },
    { op: 'label', name: 'namespace', value: 'blue' },
    { op: 'annotation', name: 'config.linkerd.io/skip-inbound-ports', value: '8080' },
  ]);
  expect(edited.metadata.labels).toEqual({
    app: 'web',
    namespace: 'blue',
    'pod-template-hash': '664f644f88',
    'linkerd.io/proxy-deployment': 'web',
    'linkerd.io/workload-ns': 'shop',
  });
  expect(edited.metadata.annotations).toMatchObject({ 'config.linkerd.io/skip-inbound-ports': '8080' });
});

it('changes the environment of the proxy alone', () => {
  const edited = editedPod(pod, [
    { op: 'proxy-env', name: 'LINKERD2_PROXY_INBOUND_PORTS', value: '1' },
    { op: 'proxy-env', name: 'NEW', value: '2' },
  ]);
  const env = (of: typeof pod) => Object.fromEntries(of.spec.initContainers![1]!.env!.map((e) => [e.name, e.value]));
  expect(env(edited)).toEqual({ ...env(pod), LINKERD2_PROXY_INBOUND_PORTS: '1', NEW: '2' });
  expect(edited.spec.containers).toEqual(pod.spec.containers);
});

it('takes away all that injection added, and nothing that the workload has of its own', () => {
  const { metadata, spec, status } = editedPod(pod, [
    { op: 'annotation', name: 'config.linkerd.io/opaque-ports', value: '1' },
    { op: 'without-proxy' },
  ]);
  expect(metadata.labels).toEqual({ app: 'web', 'pod-template-hash': '664f644f88' });
  expect(metadata.annotations).toEqual({ 'config.linkerd.io/opaque-ports': '1' });
  expect([names(spec.initContainers), names(spec.containers)]).toEqual([[], ['web']]);
  expect([names(status.initContainerStatuses), names(status.containerStatuses)]).toEqual([[], ['web']]);
});

it('a completed copy has the address and the template, and has ended', () => {
  const copy = completedCopy(pod, 'web-664f644f88-aaaaa');
  expect(copy.status).toMatchObject({ phase: 'Succeeded', podIP: pod.status.podIP });
  expect(copy.spec).toEqual(pod.spec);
  expect(copy.metadata).toMatchObject({ name: 'web-664f644f88-aaaaa', labels: pod.metadata.labels });
  expect(copy.metadata.uid).not.toBe(pod.metadata.uid);
  expect(copy.status.containerStatuses.map(({ ready, state }) => [ready, Object.keys(state)])).toEqual([
    [false, ['terminated']],
  ]);
  expect(copy.status.conditions.filter(({ type }) => type === 'Ready').map(({ status }) => status)).toEqual(['False']);
});
