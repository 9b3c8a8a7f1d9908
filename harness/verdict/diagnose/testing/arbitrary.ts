import fc from 'fast-check';
import type { TestMeshOptions, TestService } from './mesh.ts';

/** Lower-case words, as names of services, ports and containers may be. */
export const anyWord = fc.stringMatching(/^[a-z][a-z0-9]{2,11}$/);

/** Labels that apps have; none of them a name that Prometheus or the proxies use. */
const anyLabels = fc.dictionary(
  fc.constantFrom('version', 'tier', 'team', 'app.kubernetes.io/name', 'app.kubernetes.io/part-of', 'release'),
  anyWord,
  { maxKeys: 3 },
);

const anyService = (namespaces: string[]): fc.Arbitrary<TestService> =>
  fc.record({
    namespace: fc.constantFrom(...namespaces),
    name: anyWord,
    replicas: fc.integer({ min: 1, max: 3 }),
    labels: anyLabels,
  });

/** Options of a TestMesh: names, ports, labels, numbers of pods and namespaces drawn at random. */
export const anyMesh: fc.Arbitrary<TestMeshOptions> = fc
  .uniqueArray(anyWord, { minLength: 4, maxLength: 5 })
  .chain(([controlPlane, viz, ...namespaces]) =>
    fc.record({
      controlPlaneNamespace: fc.constantFrom('linkerd', `${controlPlane}-cp`),
      vizNamespace: fc.constantFrom('linkerd-viz', `${viz}-viz`),
      nativeSidecars: fc.boolean(),
      adminPort: fc.integer({ min: 1024, max: 65_535 }).filter((port) => ![4143, 8080, 9990, 9996].includes(port)),
      services: fc.uniqueArray(anyService(namespaces), {
        minLength: 2,
        maxLength: 4,
        selector: ({ name }) => name,
      }),
    }),
  );
