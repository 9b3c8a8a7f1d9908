import type { PageEvidence } from '../../../evidence/types.ts';
import type { Broken } from './broken.ts';
import type { Draw } from './draw.ts';
import { copyOf, scrapeJob } from './jobs.ts';
import type { TestMesh } from './mesh.ts';
import { unreadPage } from './pages.ts';

const PROXY_JOB = 'linkerd-proxy';

/** Scrapes of some pods end with an error, and a direct request with something of its own. */
function failing(
  mesh: TestMesh,
  draw: Draw,
  error: (url: string) => string,
  page: ((page: PageEvidence) => PageEvidence) | null,
  durationMs = 2,
): string[] {
  const ids = draw.some(mesh.appIds);
  for (const id of ids) {
    mesh.failScrapes(PROXY_JOB, id, error(mesh.page(id).url), durationMs);
    if (page) mesh.setPage(id, page);
  }
  return ids;
}

const unread = (change: Partial<PageEvidence>) => (page: PageEvidence) => unreadPage(page, change);
const get = (url: string) => `Get "${url}": `;
const dial = (url: string) => `${get(url)}dial tcp ${new URL(url).host}: `;
const TIMED_OUT = (url: string) => `${get(url)}context deadline exceeded`;

export const BROKEN_SCRAPES: readonly Broken[] = [
  {
    name: 'admin-port-denied',
    cause: 'admin-port-denied',
    breaks: (mesh, draw) =>
      failing(
        mesh,
        draw,
        () => 'server returned HTTP status 403 Forbidden',
        unread({ outcome: 'status', status: 403, error: 'status 403' }),
      ),
  },
  {
    name: 'denied to Prometheus alone',
    cause: 'admin-port-denied',
    breaks: (mesh, draw) => failing(mesh, draw, () => 'server returned HTTP status 403 Forbidden', null),
  },
  {
    name: 'dropped: no connection',
    cause: 'admin-port-dropped',
    breaks: (mesh, draw) =>
      failing(mesh, draw, TIMED_OUT, unread({ outcome: 'timeout', connected: false, durationMs: 2000 }), 1000),
  },
  {
    name: 'dropped: a connection on which nothing comes',
    cause: 'admin-port-dropped',
    breaks: (mesh, draw) =>
      failing(mesh, draw, TIMED_OUT, unread({ outcome: 'timeout', connected: true, durationMs: 6000 }), 1000),
  },
  {
    name: 'dropped on the way from Prometheus alone',
    cause: 'admin-port-dropped',
    breaks: (mesh, draw) =>
      failing(mesh, draw, (url) => `${dial(url)}${draw.pick(['i/o timeout', 'connect: no route to host'])}`, null),
  },
  {
    name: 'dropped on the way from Prometheus alone, and it gives up first',
    cause: 'admin-port-dropped',
    breaks: (mesh, draw) => failing(mesh, draw, TIMED_OUT, (page) => ({ ...page, durationMs: draw.int(1, 400) }), 1000),
  },
  {
    name: 'admin-port-refused',
    cause: 'admin-port-refused',
    breaks: (mesh, draw) =>
      failing(
        mesh,
        draw,
        (url) => `${dial(url)}connect: connection refused`,
        unread({ outcome: 'refused', connected: false, error: 'ECONNREFUSED' }),
      ),
  },
  {
    name: 'https on plaintext ports',
    cause: 'tls-to-plaintext-port',
    breaks: (mesh, draw) => {
      mesh.job(PROXY_JOB).scheme = 'https';
      const error = draw.pick([
        'http: server gave HTTP response to HTTPS client',
        'tls: first record does not look like a TLS handshake',
        'EOF',
      ]);
      for (const id of mesh.proxyIds) mesh.failScrapes(PROXY_JOB, id, `${get(mesh.page(id).url)}${error}`);
      return mesh.proxyIds;
    },
  },
  {
    name: "https on the control plane's own ports",
    cause: 'tls-to-plaintext-port',
    breaks: (mesh) => {
      mesh.job('linkerd-controller').scheme = 'https';
      for (const id of mesh.controlPlaneIds) {
        mesh.failScrapes(
          'linkerd-controller',
          id,
          'Get "https://x:9990/metrics": http: server gave HTTP response to HTTPS client',
        );
      }
      return mesh.controlPlaneIds;
    },
  },
  {
    name: 'plaintext on TLS ports',
    cause: 'plaintext-to-tls-port',
    breaks: (mesh, draw) => {
      const [error, page] = draw.pick([
        [
          String.raw`net/http: HTTP/1.x transport connection broken: malformed HTTP response "\x15\x03\x03\x00\x02\x022"`,
          unread({ outcome: 'not-http', connected: true }),
        ],
        ['EOF', unread({ outcome: 'failed', connected: true, error: 'socket hang up' })],
        ['read: connection reset by peer', unread({ outcome: 'failed', connected: true, error: 'ECONNRESET' })],
        [
          'server returned HTTP status 400 Bad Request',
          unread({ outcome: 'status', status: 400, error: 'status 400' }),
        ],
      ] as const);
      const ids = failing(mesh, draw, (url) => get(url) + error, page);
      const before = mesh.answers;
      mesh.answers = (question) => {
        if (question.ask !== 'page' || question.scheme !== 'https') return before(question);
        const id = `${question.namespace}/${question.pod}`;
        if (!ids.includes(id)) return before(question);
        const answer = {
          ...mesh.page(id),
          url: mesh.page(id).url.replace('http:', 'https:'),
          outcome: 'ok' as const,
          status: 200,
        };
        return { to: 'page', page: answer };
      };
      return ids;
    },
  },
  {
    name: 'scrape-timeout',
    cause: 'scrape-timeout',
    breaks: (mesh, draw) => {
      const durationMs = draw.int(1001, 4000);
      return failing(mesh, draw, TIMED_OUT, (page) => ({ ...page, durationMs }), 1000);
    },
  },
  {
    name: 'scrape-timeout: a part of the page comes',
    cause: 'scrape-timeout',
    breaks: (mesh, draw) =>
      failing(
        mesh,
        draw,
        TIMED_OUT,
        unread({ outcome: 'timeout', connected: true, bytes: 9000, durationMs: 5000 }),
        1000,
      ),
  },
  {
    name: 'scrape-limit-exceeded',
    cause: 'scrape-limit-exceeded',
    breaks: (mesh, draw) => {
      const job = mesh.job(PROXY_JOB);
      const [error, limit] = draw.pick([
        ['sample limit exceeded', { sampleLimit: 5 }],
        ['body size limit exceeded', { bodySizeLimit: 40_000 }],
        ['label_limit exceeded (metric: request_total, number of labels: 24, limit: 20)', { labelLimit: 20 }],
        [
          'label_value_length_limit exceeded (metric: x, label name: y, value: "z", length: 9, limit: 8)',
          { labelValueLengthLimit: 8 },
        ],
      ] as const);
      Object.assign(job, limit);
      const ids = draw.some(mesh.proxyIds);
      for (const id of ids) mesh.failScrapes(PROXY_JOB, id, error);
      return ids;
    },
  },
  {
    name: 'page-malformed',
    cause: 'page-malformed',
    breaks: (mesh, draw) => {
      const error = draw.pick([
        'expected value after metric, got "x" ("INVALID") while parsing: "request_total{a=\\"b\\"} x"',
        'strconv.ParseFloat: parsing "1.2.3": invalid syntax while parsing: "request_total 1.2.3"',
        'invalid metric type "countr"',
        'expected label name, got "\\"" ("INVALID") while parsing: "x{\\""',
        'expected equal, got "}" ("BCLOSE") while parsing: "x{a}"',
      ]);
      return failing(
        mesh,
        draw,
        () => error,
        unread({ outcome: 'unparsable', connected: true, status: 200, bytes: 40_000, error: 'line 12: bad value "x"' }),
      );
    },
  },
  {
    name: 'page-cut-off',
    cause: 'page-cut-off',
    breaks: (mesh, draw) =>
      failing(
        mesh,
        draw,
        draw.pick([
          () => 'unexpected EOF',
          (url: string) => `${get(url)}read tcp 1.2.3.4:5->6.7.8.9:10: read: connection reset by peer`,
        ]),
        draw.pick([
          unread({ outcome: 'cut-off', connected: true, status: 200, bytes: 20_000 }),
          unread({
            outcome: 'unparsable',
            connected: true,
            status: 200,
            bytes: 20_000,
            error: 'line 9: the page is cut off: its last line has no end',
          }),
        ]),
      ),
  },
  {
    name: 'duplicate-series',
    cause: 'duplicate-series',
    breaks: (mesh, draw) => {
      const ids = draw.some(mesh.appIds);
      for (const id of ids)
        mesh.setPage(id, (page) => ({ ...page, duplicates: ['request_total{direction="inbound"}'] }));
      if (draw.next() < 0.5) {
        mesh.own = [
          ...mesh.own,
          { name: 'prometheus_target_scrapes_sample_duplicate_timestamp_total', labels: {}, value: 12 },
        ];
      }
      return ids;
    },
  },
  {
    name: 'scraped-by-two-jobs',
    cause: 'scraped-by-two-jobs',
    breaks: (mesh, draw) => {
      mesh.jobs.push(copyOf(mesh.job(PROXY_JOB), draw.word()));
      return mesh.proxyIds;
    },
  },
  {
    name: 'scraped by a job that takes every port of that name',
    cause: 'scraped-by-two-jobs',
    breaks: (mesh, draw) => {
      const [namespace] = mesh.appIds[0]!.split('/');
      const { relabel } = mesh.job(PROXY_JOB);
      mesh.jobs.push(scrapeJob(draw.word(), { kubernetes: [{ role: 'pod', namespaces: [namespace!] }], relabel }));
      return mesh.proxyIds.filter((id) => id.startsWith(`${namespace}/`));
    },
  },
  {
    name: 'address-reused',
    cause: 'address-reused',
    breaks: (mesh, draw) => {
      const job = mesh.job(PROXY_JOB);
      job.relabel = job.relabel.filter(({ sourceLabels }) => !sourceLabels[0]?.endsWith('pod_phase'));
      const ids = draw.some(mesh.appIds);
      for (const id of ids) {
        const before = structuredClone(mesh.pod(id));
        before.metadata.name = `${draw.word()}-0`;
        before.status.phase = draw.pick(['Succeeded', 'Failed']);
        mesh.pods.push(before);
      }
      return ids;
    },
  },
  {
    name: 'prometheus-clock-off',
    cause: 'prometheus-clock-off',
    breaks: (mesh, draw) => {
      // Without a run less than three seconds may be those of our own clock.
      const aheadMs = draw.int(3100, 90_000) * draw.pick([1, -1]);
      mesh.clock = { aheadMs, uncertaintyMs: draw.int(1, 20) };
      return [];
    },
  },
];
