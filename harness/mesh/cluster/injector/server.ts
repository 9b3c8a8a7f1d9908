import type { IncomingMessage, ServerResponse } from 'node:http';
import { describe } from '../../../core/errors.ts';
import type { Address } from '../../contract.ts';
import { ComponentServer, NO_FACTS } from '../../control-plane.ts';
import type { ApiClient } from '../api/client.ts';
import type { PodTemplate } from '../objects.ts';
import { workloadOf } from '../owner.ts';
import { readBody, TlsServer } from '../tls-server.ts';
import { type Annotations, reasonToSkip } from './annotations.ts';
import { inject } from './inject.ts';
import { NamespaceAnnotations } from './namespaces.ts';
import type { InjectionSettings } from './settings.ts';

const MAX_BODY_BYTES = 4 * 1024 * 1024;

export interface InjectorOptions {
  api: Pick<ApiClient, 'request'>;
  settings: InjectionSettings;
  tls: { certPem: string; keyPem: string };
  listen: Address;
  admin: Address;
  log(line: string): void;
}

interface AdmissionRequest {
  uid: string;
  namespace?: string;
  kind?: { kind: string };
  object?: PodTemplate;
}

interface AdmissionResponse {
  uid: string;
  allowed: boolean;
  status?: { message: string };
  patchType?: 'JSONPatch';
  patch?: string;
}

/** The component `proxy-injector`: answers the API server's AdmissionReviews for pods that are created. */
export class InjectorServer implements AsyncDisposable {
  readonly #options: InjectorOptions;
  readonly #namespaces: NamespaceAnnotations;
  readonly #admissions = new Map<string, ReturnType<typeof NO_FACTS.admissions>[number]>();
  readonly #stack = new AsyncDisposableStack();
  #server: TlsServer | null = null;
  #adminServer: ComponentServer | null = null;

  private constructor(options: InjectorOptions) {
    this.#options = options;
    this.#namespaces = new NamespaceAnnotations(options.api);
  }

  /** @throws HarnessError PORT_TAKEN */
  static async start(options: InjectorOptions): Promise<InjectorServer> {
    const injector = new InjectorServer(options);
    try {
      await injector.#start();
      return injector;
    } catch (error) {
      await injector[Symbol.asyncDispose]();
      throw error;
    }
  }

  get port(): number {
    return this.#server!.port;
  }

  get adminPort(): number {
    return this.#adminServer!.address.port;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#stack.disposeAsync();
  }

  async #start(): Promise<void> {
    const { listen, admin, tls } = this.#options;
    this.#server = this.#stack.use(
      await TlsServer.start({
        ...{ what: 'proxy-injector', listen, tls },
        handle: (request, response) => void this.#handle(request, response),
      }),
    );
    const facts = { ...NO_FACTS, admissions: () => [...this.#admissions.values()] };
    this.#adminServer = this.#stack.use(
      await ComponentServer.start({ container: 'proxy-injector', listen: admin, facts }),
    );
  }

  /** Whatever goes wrong is a status of 500: what becomes of the pod then is the webhook's failurePolicy. */
  async #handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      const review = JSON.parse(await readBody(request, MAX_BODY_BYTES)) as { request?: AdmissionRequest };
      if (!review.request?.uid) throw new Error('the body is no AdmissionReview');
      const answer = await this.#admit(review.request);
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', response: answer }));
    } catch (error) {
      this.#options.log(`not admitted: ${describe(error)}`);
      if (response.destroyed) return;
      response.writeHead(500, { 'content-type': 'text/plain; charset=utf-8' }).end(`${describe(error)}\n`);
    }
  }

  async #admit({ uid, namespace = 'default', kind, object }: AdmissionRequest): Promise<AdmissionResponse> {
    if (kind?.kind !== 'Pod' || !object) return { uid, allowed: true };
    // A template of a controller may leave the namespace to the request.
    const pod = { ...object, metadata: { ...object.metadata, namespace } };
    const annotations = await this.#namespaces.of(namespace);
    const reason = reasonToSkip(pod, annotations);
    this.#count(pod, namespace, reason !== null);
    const { name, generateName } = pod.metadata;
    const where = `${namespace}/${name ?? `${generateName}*`}`;
    if (reason !== null) {
      this.#options.log(`${where} is left as it is: ${reason}`);
      return { uid, allowed: true };
    }
    return { uid, ...this.#patch(pod, annotations, where) };
  }

  /** A pod that asks for what cannot be is refused, or it would come up without its sidecar. */
  #patch(pod: PodTemplate, annotations: Annotations, where: string): Omit<AdmissionResponse, 'uid'> {
    try {
      const patch = Buffer.from(JSON.stringify(inject(pod, annotations, this.#options.settings))).toString('base64');
      this.#options.log(`${where} is injected`);
      return { allowed: true, patchType: 'JSONPatch', patch };
    } catch (error) {
      this.#options.log(`${where} is refused: ${describe(error)}`);
      return { allowed: false, status: { message: describe(error) } };
    }
  }

  #count(pod: PodTemplate, namespace: string, skipped: boolean): void {
    const ownerKind = workloadOf(pod).kind.toLowerCase();
    const key = `${ownerKind}/${namespace}/${skipped}`;
    const entry = this.#admissions.get(key) ?? { ownerKind, namespace, skipped, count: 0 };
    entry.count++;
    this.#admissions.set(key, entry);
  }
}
