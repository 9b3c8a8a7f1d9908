import { describe, expect, it } from 'vitest';
import type { ControlEvent, ProxyTelemetry } from '../telemetry/types.ts';
import {
  ControlWatches,
  controlPlaneOf,
  reportCertified,
  reportNotCertified,
  reportUnusable,
} from './control-clients.ts';
import { recordingTelemetry } from './testing/recorder.ts';

/** What was told: how often each event of each client. */
function telemetryOf(counts: Record<string, number>): ProxyTelemetry {
  const log: string[] = [];
  return {
    ...recordingTelemetry(log, 'pod'),
    control: (client: string, event: ControlEvent) => {
      const outcome = event.kind === 'response' ? ` ${event.grpcStatus}` : '';
      const key = `${client} ${event.kind}${outcome}`;
      counts[key] = (counts[key] ?? 0) + 1;
    },
    certificate: (result) => {
      counts[result] = (counts[result] ?? 0) + 1;
    },
  };
}

describe('ControlWatches', () => {
  it('counts a response only when a watch ends, and each again when the control plane is back', () => {
    const counts: Record<string, number> = {};
    const watches = new ControlWatches(telemetryOf(counts));
    watches.lost();
    expect(counts).toEqual({});
    watches.atStart(1);
    watches.forService();
    const open = {
      'policy connected': 1,
      'destination connected': 1,
      'policy request': 3,
      'policy latency': 3,
      'destination request': 2,
      'destination latency': 2,
    };
    expect(counts).toEqual(open);
    watches.restored();
    expect(counts).toEqual(open);
    watches.lost();
    watches.lost();
    expect(counts).toEqual({ ...open, 'policy response 14': 3, 'destination response 14': 2 });
    // Opened while it is away.
    watches.forService();
    expect(counts['policy request']).toBe(3);
    watches.restored();
    expect([counts['policy request'], counts['destination request']]).toEqual([3 + 4, 2 + 4]);
    watches.lost();
    expect([counts['policy response 14'], counts['destination response 14']]).toEqual([3 + 4, 2 + 4]);
  });

  it('opens one for each declared port, and asks for the profile of each name it is called by once', () => {
    const counts: Record<string, number> = {};
    const watches = new ControlWatches(telemetryOf(counts));
    watches.atStart(2);
    expect(counts['policy request']).toBe(3);
    for (const name of ['web.shop', 'web.shop', 'shop.shop']) watches.calledAs(name);
    expect(counts['destination request']).toBe(2);
  });
});

describe('certificates', () => {
  it('are requests to identity, which succeed or fail', () => {
    const counts: Record<string, number> = {};
    const telemetry = telemetryOf(counts);
    reportNotCertified(telemetry);
    expect(counts).toEqual({ 'identity request': 1, 'identity error': 1 });
    reportCertified(telemetry, 5);
    expect(counts).toMatchObject({ 'identity request': 2, 'identity connected': 1, 'identity response 0': 1 });
  });

  it('that can not be used are answers, and refreshes that failed', () => {
    const counts: Record<string, number> = {};
    reportUnusable(telemetryOf(counts), 5);
    expect(counts).toMatchObject({ 'identity request': 1, 'identity response 0': 1, error: 1 });
  });
});

describe('controlPlaneOf', () => {
  const names = { trustDomain: 'cluster.local', controlPlaneNamespace: 'linkerd' };

  it('names services of the control plane, and localhost beside the component itself', () => {
    expect(controlPlaneOf(null, names)).toMatchObject({
      kind: 'data-plane',
      identity: { addr: 'linkerd-identity-headless.linkerd.svc.cluster.local:8080', tls: { tls: 'true' } },
    });
    expect(controlPlaneOf('destination', names)).toMatchObject({
      kind: 'control-plane',
      destination: { addr: 'localhost:8086', tls: { reason: 'loopback' } },
      policy: { addr: 'localhost:8090' },
    });
  });
});
