import type { Counts, Measured, MeshEvent, RealMeasured } from './types.ts';

export interface Row {
  event: MeshEvent;
  measured: Measured;
  real: RealMeasured | undefined;
}

const HEAD = `# What counts what

For each event: what the metric families of the client's proxy and of the server's proxy count. Made by
\`harness/mesh/events/events.integration.test.ts\`, which makes each event happen between two simulated sidecars over real
sockets, takes the differences of both pages, and compares them with this file. After a change that is meant, write it anew:

\`\`\`
npx vitest run harness/mesh/events -u
\`\`\`

- The client's app sends plain HTTP, gRPC or TCP to its own proxy (outbound), that one speaks mutual TLS with the server's proxy
  (inbound), and that one with the server's app. One request has gone before, so that connections and balancers are there.
- Counters are shown by how much they grew, histograms by how many samples they got. Labels that say who and where are left out,
  as are default routes, servers and authorizations. Left out too: frame sizes, gauges, the balancer's queue, and
  except in the last sections, connections.
- Columns of a real Linkerd are filled from [events-real.json](events-real.json) where it was tried; **bold** is what differs.
  The reasons are in [linkerd-telemetry.md](linkerd-telemetry.md), what was tried how in [verification.md](verification.md).
`;

/** The whole of docs/events.md. */
export function eventsPage(rows: readonly Row[]): string {
  const groups = [...new Set(rows.map(({ event }) => event.group))];
  const out = [HEAD, '## Summary\n', ...summary(rows), ''];
  for (const group of groups) {
    out.push(`## ${group}\n`);
    for (const row of rows) if (row.event.group === group) out.push(...details(row));
  }
  return `${out.join('\n').trimEnd()}\n`;
}

function summary(rows: readonly Row[]): string[] {
  const requests = rows.filter(({ event }) => (event.view ?? 'requests') === 'requests');
  return [
    '| event | client sees | client: `response_total` | client: statuses of the route | server: `response_total` | server: policy | real |',
    '|---|---|---|---|---|---|---|',
    ...requests.map(({ event, measured, real }) => {
      const cells = [
        `[${event.title}](#${anchor(event.title)})`,
        event.saw,
        responses(measured.client, 'response_total'),
        responses(measured.client, /^outbound_(http|grpc)_route_request_statuses_total|^route_response_total/),
        responses(measured.server, 'response_total'),
        responses(measured.server, /^inbound_http_(authz_deny|route_not_found|local_ratelimit)_total/, true),
        real === undefined ? '' : same(measured, real) ? 'same' : '**differs**',
      ];
      return `| ${cells.join(' | ')} |`;
    }),
  ];
}

/** Values of the labels of all series of a family, in a cell. */
function responses(counts: Counts, family: string | RegExp, names = false): string {
  const cells = Object.entries(counts)
    .filter(([key]) => (typeof family === 'string' ? key.replace(/\{.*/, '') === family : family.test(key)))
    .map(([key, by]) => {
      const values = [...key.matchAll(/(\w+)="([^"]*)"/g)]
        .filter(([, name]) => name !== 'route_name' && name !== 'srv_name' && name !== 'rt_route')
        .map(([, name, value]) => (name === 'grpc_status' && value !== '' ? `grpc ${value}` : value))
        .filter((value) => value !== '');
      const shown = names ? [key.replace(/^inbound_http_(.*)_total.*$/, '$1'), ...values] : values;
      return `${shown.join(' ') || 'no status'}${by === 1 ? '' : ` ×${by}`}`;
    });
  return cells.join('<br>') || '–';
}

function details({ event, measured, real }: Row): string[] {
  const keys = [
    ...new Set(
      [measured, ...(real ? [real] : [])].flatMap(({ client, server }) => [client, server]).flatMap(Object.keys),
    ),
  ];
  const heads = ["client's proxy", "server's proxy", ...(real ? ['real client', 'real server'] : [])];
  const cell = (counts: Counts, key: string) => (counts[key] === undefined ? '' : `+${counts[key]}`);
  const against = (counts: Counts, simulated: Counts, key: string) => {
    if (BYTES.test(key)) return '';
    const text = cell(counts, key);
    return text === cell(simulated, key) ? text : `**${text || '–'}**`;
  };
  return [
    `### ${event.title}\n`,
    `${event.text} The client sees: ${event.saw}.\n`,
    ...(keys.length === 0
      ? ['Nothing is counted, on either side.\n']
      : [
          `| | ${heads.join(' | ')} |`,
          `|---|${heads.map(() => '--:|').join('')}`,
          ...keys.map((key) => {
            const cells = [cell(measured.client, key), cell(measured.server, key)];
            if (real)
              cells.push(against(real.client, measured.client, key), against(real.server, measured.server, key));
            return `| \`${key}\` | ${cells.join(' | ')} |`;
          }),
          '',
        ]),
    ...(real ? [`Real: Linkerd ${real.version}, ${real.how}.\n`] : []),
  ];
}

/** Bytes are those of the apps, which are others in a real mesh. */
const BYTES = /^tcp_(read|write)_bytes_total/;

function same(measured: Measured, real: Measured): boolean {
  const all = ({ client, server }: Measured) =>
    JSON.stringify([client, server].map((counts) => Object.entries(counts).sort(([a], [b]) => (a < b ? -1 : 1))));
  return all(measured) === all(real);
}

/** As GitHub makes anchors of headings. */
function anchor(title: string): string {
  return title
    .toLowerCase()
    .replace(/[^\w\- ]/g, '')
    .replaceAll(' ', '-');
}
