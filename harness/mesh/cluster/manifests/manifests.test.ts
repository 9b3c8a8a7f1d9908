import { X509Certificate } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { IdentityAuthority } from '../../identity/authority.ts';
import { MOUNTS } from '../component-env.ts';
import { CONTROL_PLANE } from '../contract.ts';
import { POLICY_PATHS } from '../destination/policy/objects.ts';
import { MESH, SPEC } from '../testing/control-plane.ts';
import { controlPlaneManifests, type Manifest, newMaterial } from './index.ts';

const material = newMaterial(SPEC);
const manifests = controlPlaneManifests(SPEC, material);

/** The parts of a pod that are looked at here. */
interface Container {
  name: string;
  image: string;
  command: string[];
  args?: string[];
  ports?: { name: string; containerPort: number }[];
  startupProbe?: object;
  readinessProbe?: { httpGet: { port: number } };
  volumeMounts?: { name: string; mountPath: string }[];
}
interface Deployment {
  selector: { matchLabels: Record<string, string> };
  template: {
    metadata: { labels: Record<string, string>; annotations: Record<string, string> };
    spec: {
      serviceAccountName: string;
      containers: Container[];
      initContainers: Container[];
      volumes: { name: string; secret?: { secretName: string }; configMap?: { name: string } }[];
    };
  };
}

const ofKind = (kind: string) => manifests.filter((manifest) => manifest.kind === kind);
const named = (kind: string, name: string): Manifest => {
  const found = ofKind(kind).find(({ metadata }) => metadata.name === name);
  if (!found) throw new Error(`no ${kind} ${name}`);
  return found;
};
interface Rule {
  apiGroups: string[];
  resources: string[];
}
interface Definition {
  group: string;
  names: { plural: string };
  versions: { name: string }[];
}
const deployments = ofKind('Deployment').map(
  ({ metadata, spec }) => [metadata.name, spec as Deployment] as [string, Deployment],
);
const decoded = (secret: string, key: string) =>
  Buffer.from((named('Secret', secret).data as Record<string, string>)[key]!, 'base64').toString();

describe('controlPlaneManifests', () => {
  it('comes in the order in which it can be applied, the webhook last', () => {
    expect(manifests.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'Namespace linkerd',
      ...[
        ...['servers', 'httproutes', 'authorizationpolicies', 'meshtlsauthentications', 'networkauthentications'],
        'httplocalratelimitpolicies',
      ].map((plural) => `CustomResourceDefinition ${plural}.policy.linkerd.io`),
      'CustomResourceDefinition serviceprofiles.linkerd.io',
      ...['identity', 'destination', 'proxy-injector'].flatMap((component) => [
        `ServiceAccount linkerd-${component}`,
        `ClusterRole linkerd-linkerd-${component}`,
        `ClusterRoleBinding linkerd-linkerd-${component}`,
      ]),
      'Secret linkerd-identity-issuer',
      'ConfigMap linkerd-identity-trust-roots',
      'Secret linkerd-destination-tls',
      'Secret linkerd-proxy-injector-k8s-tls',
      'Service linkerd-identity-headless',
      'Service linkerd-identity',
      'Service linkerd-dst-headless',
      'Service linkerd-dst',
      'Service linkerd-proxy-injector',
      'Deployment linkerd-identity',
      'Deployment linkerd-destination',
      'Deployment linkerd-proxy-injector',
      'MutatingWebhookConfiguration linkerd-proxy-injector-webhook-config',
    ]);
  });

  it('lets nobody do more than it does', () => {
    const rules = Object.fromEntries(ofKind('ClusterRole').map((role) => [role.metadata.name, role.rules]));
    expect(rules).toEqual({
      'linkerd-linkerd-destination': [
        { apiGroups: [''], resources: ['pods', 'services'], verbs: ['list', 'watch'] },
        { apiGroups: ['apps'], resources: ['replicasets'], verbs: ['list', 'watch'] },
        { apiGroups: ['gateway.networking.k8s.io'], resources: ['httproutes', 'grpcroutes'], verbs: ['list', 'watch'] },
        {
          apiGroups: ['policy.linkerd.io'],
          resources: [
            ...['authorizationpolicies', 'httplocalratelimitpolicies', 'httproutes', 'meshtlsauthentications'],
            ...['networkauthentications', 'servers'],
          ],
          verbs: ['list', 'watch'],
        },
        { apiGroups: ['linkerd.io'], resources: ['serviceprofiles'], verbs: ['list', 'watch'] },
      ],
      'linkerd-linkerd-identity': [
        { apiGroups: ['authentication.k8s.io'], resources: ['tokenreviews'], verbs: ['create'] },
      ],
      'linkerd-linkerd-proxy-injector': [{ apiGroups: [''], resources: ['namespaces'], verbs: ['get'] }],
    });
  });

  it('may read every collection that policies come from', () => {
    const destination = named('ClusterRole', 'linkerd-linkerd-destination').rules as Rule[];
    for (const path of Object.values(POLICY_PATHS)) {
      const [, , group, , resource] = path.split('/');
      expect(destination.some((rule) => rule.apiGroups.includes(group!) && rule.resources.includes(resource!))).toBe(
        true,
      );
    }
  });

  it('defines the kinds of Linkerd that policies come from, as it reads them', () => {
    const defined = ofKind('CustomResourceDefinition').map(({ spec }) => {
      const { group, names, versions } = spec as Definition;
      return `/apis/${group}/${versions[0]!.name}/${names.plural}`;
    });
    const own = Object.values(POLICY_PATHS).filter((path) => !path.includes('gateway'));
    expect(defined.sort()).toEqual(own.sort());
  });

  it('keeps its own namespace out of injection', () => {
    const [namespace] = ofKind('Namespace');
    expect(namespace?.metadata.annotations).toMatchObject({ 'linkerd.io/inject': 'disabled' });
    const [webhook] = ofKind('MutatingWebhookConfiguration').flatMap(
      ({ webhooks }) => webhooks as { namespaceSelector: { matchExpressions: { key: string; values: string[] }[] } }[],
    );
    for (const { key, values } of webhook!.namespaceSelector.matchExpressions) {
      const value = key === 'kubernetes.io/metadata.name' ? 'kube-system' : namespace?.metadata.labels?.[key];
      expect(values).toContain(value);
    }
  });

  it('trusts in the webhook what the injector presents, under the name that the API server dials', () => {
    const [webhook] = ofKind('MutatingWebhookConfiguration').flatMap(
      ({ webhooks }) => webhooks as { clientConfig: { caBundle: string; service: object }; failurePolicy: string }[],
    );
    expect(webhook!.failurePolicy).toBe('Ignore');
    expect(webhook!.clientConfig.service).toEqual({
      ...{ name: 'linkerd-proxy-injector', namespace: 'linkerd', path: '/', port: 443 },
    });
    expect(Buffer.from(webhook!.clientConfig.caBundle, 'base64').toString()).toBe(material.authority.anchorPem);
    const [leaf, issuer] = decoded('linkerd-proxy-injector-k8s-tls', 'tls.crt')
      .split(/(?<=-----END CERTIFICATE-----\n)/)
      .filter(Boolean)
      .map((pem) => new X509Certificate(pem)) as [X509Certificate, X509Certificate];
    expect(leaf.checkHost('linkerd-proxy-injector.linkerd.svc')).toBeTruthy();
    expect(leaf.verify(issuer.publicKey)).toBe(true);
    expect(issuer.verify(new X509Certificate(material.authority.anchorPem).publicKey)).toBe(true);
  });

  it('gives identity an issuer that can sign below the published anchor', () => {
    const published = (named('ConfigMap', 'linkerd-identity-trust-roots').data as Record<string, string>)[
      'ca-bundle.crt'
    ]!;
    const authority = new IdentityAuthority(MESH, {
      anchorPem: published,
      issuerPem: decoded('linkerd-identity-issuer', MOUNTS.issuer.certificate),
      issuerKeyPem: decoded('linkerd-identity-issuer', MOUNTS.issuer.key),
    });
    expect(authority.issueWorkload('web', 'shop').certPem).toContain('BEGIN CERTIFICATE');
  });

  it('shows pods that are not ready behind the headless Services only', () => {
    const unready = ofKind('Service').map(({ metadata, spec }) => [
      metadata.name,
      (spec as { publishNotReadyAddresses?: boolean }).publishNotReadyAddresses === true,
    ]);
    expect(Object.fromEntries(unready)).toEqual({
      'linkerd-identity-headless': true,
      'linkerd-identity': false,
      'linkerd-dst-headless': true,
      'linkerd-dst': false,
      'linkerd-proxy-injector': false,
    });
  });
});

it.each([
  ['2.18', ['admin-http', 'admin-http', 'admin-http'], false],
  ['2.19', ['ident-admin', 'dest-admin', 'injector-admin'], false],
  ['2.20', ['ident-admin', 'dest-admin', 'injector-admin'], true],
] as const)('has the admin ports and proxies of %s', (version, names, native) => {
  const pods = controlPlaneManifests({ ...SPEC, version }, material)
    .filter(({ kind }) => kind === 'Deployment')
    .map(({ spec }) => (spec as Deployment).template.spec);
  expect(pods.map(({ containers }) => containers.at(-1)!.ports!.at(-1)!.name)).toEqual(names);
  for (const { containers, initContainers } of pods) {
    expect(initContainers.some(({ name }) => name === 'linkerd-proxy')).toBe(native);
    expect(containers[0]!.name === 'linkerd-proxy').toBe(!native);
  }
});

describe.each(deployments)('Deployment %s', (name, { selector, template }) => {
  const { spec, metadata } = template;
  const component = name.replace('linkerd-', '');
  const [own] = spec.containers;
  const proxy = spec.initContainers.find((container) => container.name === 'linkerd-proxy')!;

  it('selects its own pods', () => {
    expect(metadata.labels).toMatchObject(selector.matchLabels);
    expect(metadata.labels).toMatchObject({
      'linkerd.io/control-plane-component': component,
      'linkerd.io/control-plane-ns': 'linkerd',
      'linkerd.io/proxy-deployment': name,
      'linkerd.io/workload-ns': 'linkerd',
    });
    expect(Object.keys(metadata.labels).filter((key) => /meshproof|managed-by/.test(key))).toEqual([]);
  });

  it('is behind its Services', () => {
    const services = ofKind('Service').filter(
      ({ metadata: { labels } }) => labels?.['linkerd.io/control-plane-component'] === component,
    );
    expect(services.length).toBeGreaterThan(0);
    for (const service of services) {
      const { selector: wanted, ports } = service.spec as {
        selector: Record<string, string>;
        ports: { targetPort: number }[];
      };
      expect(metadata.labels).toMatchObject(wanted);
      expect(own!.ports!.map(({ containerPort }) => containerPort)).toContain(ports[0]!.targetPort);
    }
  });

  it('is scraped: a container named after the component, with its admin port, and a proxy as every pod', () => {
    expect(own).toMatchObject({
      name: component,
      image: SPEC.image,
      command: ['node', '/meshproof/control-plane.mjs', component],
    });
    const admin = own!.ports!.find((port) => port.name.endsWith('-admin'))!;
    expect(own!.readinessProbe!.httpGet.port).toBe(admin.containerPort);
    expect(proxy.ports).toContainEqual({ name: 'linkerd-admin', containerPort: 4191, protocol: 'TCP' });
  });

  it('does not wait for its proxy, and keeps it away from its own port and the API server', () => {
    expect(proxy).not.toHaveProperty('startupProbe');
    const port = Object.values(CONTROL_PLANE).map((entry) => ('targetPort' in entry ? entry.targetPort : entry.port));
    const { args } = spec.initContainers.find((container) => container.name === 'linkerd-init')!;
    expect(port).toContain(Number(args![0]));
    expect(own!.ports!.map(({ containerPort }) => String(containerPort))).toContain(args![0]);
    expect(args![1]).toBe('443,6443');
  });

  it('mounts what exists', () => {
    const secrets = ofKind('Secret').map((secret) => secret.metadata.name);
    const configMaps = ofKind('ConfigMap').map((map) => map.metadata.name);
    const volumes = new Map(spec.volumes.map((volume) => [volume.name, volume]));
    for (const { name: mounted } of [...own!.volumeMounts!, ...proxy.volumeMounts!]) {
      const volume = volumes.get(mounted);
      expect(volume).toBeDefined();
      if (volume?.secret) expect(secrets).toContain(volume.secret.secretName);
      if (volume?.configMap) expect(configMaps).toContain(volume.configMap.name);
    }
    expect(ofKind('ServiceAccount').map((account) => account.metadata.name)).toContain(spec.serviceAccountName);
  });

  it('has other pods when the anchor is another', () => {
    const again = controlPlaneManifests(SPEC, newMaterial(SPEC)).find(
      (manifest) => manifest.metadata.name === name && manifest.kind === 'Deployment',
    );
    expect((again!.spec as Deployment).template.metadata.annotations).not.toEqual(metadata.annotations);
  });
});
