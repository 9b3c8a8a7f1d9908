import https from 'node:https';
import { waitFor } from '../../../core/wait.ts';
import { IdentityAuthority } from '../../identity/authority.ts';
import type { ControlPlaneSpec } from '../contract.ts';

export const SPEC: ControlPlaneSpec = {
  namespace: 'linkerd',
  vizNamespace: 'linkerd-viz',
  trustDomain: 'cluster.local',
  version: 'edge-26.8.3',
  image: 'meshproof/proxy:1',
};

export const MESH = { trustDomain: SPEC.trustDomain, controlPlaneNamespace: SPEC.namespace };

export const newAuthority = () => new IdentityAuthority(MESH);

/** Any free port. */
export const ANYWHERE = { host: '127.0.0.1', port: 0 };

/** The page of an admin port. */
export async function page(port: number, path = '/metrics'): Promise<{ status: number; text: string }> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  return { status: response.status, text: await response.text() };
}

/** One request over TLS, trusting the anchor. */
export async function send(
  port: number,
  anchorPem: string,
  options: { method?: string; path?: string; body?: string },
): Promise<{ status: number; text: string }> {
  return new Promise((resolve, reject) => {
    const { method = 'POST', path = '/', body } = options;
    const request = https.request(
      { host: '127.0.0.1', port, ca: anchorPem, agent: false, method, path, servername: 'localhost' },
      (response) => {
        let text = '';
        response.setEncoding('utf8');
        response.on('data', (chunk) => {
          text += chunk;
        });
        response.once('end', () => resolve({ status: response.statusCode ?? 0, text }));
      },
    );
    request.once('error', reject);
    request.end(body);
  });
}

export function eventually<T>(what: string, probe: () => Promise<T | undefined> | T | undefined): Promise<T> {
  return waitFor(probe, { what, deadlineMs: 20_000, everyMs: 5, hint: '' });
}
