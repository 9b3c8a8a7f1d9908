/**
 * What pages cost the process that serves them: samples per CPU second, user and system time of the whole process, while real
 * scrapes go over loopback. The scraper is this process, which is not counted. Prints JSON. Beside it avalanche, where there is
 * a binary of it.
 * `npm run bench:pages [-- --series 1000 --pages 3000 --avalanche PATH] [--check]`; `--check` exits with 1 where it serves less than
 * it must.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import { cpus, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { parsePage } from '../../core/page-parser.ts';
import { startChild } from '../../core/process.ts';
import { readProcessUsage } from '../../core/process-usage.ts';
import { searchPath } from '../../core/search-path.ts';
import { waitFor } from '../../core/wait.ts';
import { below } from './bounds.ts';
import { Generator } from './generator.ts';
import { describeShape, shapeFor } from './shape.ts';

const { values } = parseArgs({
  options: {
    series: { type: 'string', default: '1000' },
    pages: { type: 'string', default: '3000' },
    pods: { type: 'string', default: '100' },
    version: { type: 'string', default: 'edge-26.8.3' },
    avalanche: { type: 'string' },
    check: { type: 'boolean', default: false },
  },
});
/** As was measured before: 50,000 series, 40 scrapes. */
const AVALANCHE = { metrics: 500, series: 100, scrapes: 40 };
const WARM_UP_SHARE = 0.3;

const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
const dir = await mkdtemp(join(tmpdir(), 'meshproof-bench-'));
try {
  const shape = shapeFor({ version: values.version, series: Number(values.series) });
  const { series, bytes } = describeShape(shape);
  const report = {
    benchmark: 'pages',
    node: process.version,
    cores: cpus().length,
    page: { version: shape.version, series, bytes, edges: shape.edges },
    identity: await generator(false),
    gzip: await generator(true),
    avalanche: await avalanche(),
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  const [identity, gzip] = [report.identity.samplesPerCpuSecond, report.gzip.samplesPerCpuSecond];
  const problems = values.check ? below({ series, identity, gzip }) : [];
  for (const problem of problems) process.stderr.write(`${problem}\n`);
  if (problems.length > 0) process.exitCode = 1;

  async function generator(gzip: boolean) {
    const config = { pods: Number(values.pods), shape, seed: 1 };
    await using pages = await Generator.start(config, { logFile: join(dir, 'pages.log') });
    const pods = pages.pods();
    const scrape = async (count: number) => {
      for (let i = 0; i < count; i++) await get(pods[i % pods.length]!, gzip);
    };
    const wanted = Number(values.pages);
    await scrape(Math.ceil(wanted * WARM_UP_SHARE));
    const before = await pages.statistics();
    await scrape(wanted);
    const after = await pages.statistics();
    const page = parsePage((await get(pods[0]!, gzip)).toString('utf8'));
    if (page.samples.length !== series) throw new Error(`a page of ${page.samples.length} series`);
    const cpu = after.cpuSeconds - before.cpuSeconds;
    return {
      samplesPerCpuSecond: Math.round((after.samples - before.samples) / cpu),
      cpuMicrosPerPage: Math.round((cpu * 1e6) / wanted),
      pageMicros: after.pageMicros,
      bytesOnWirePerPage: Math.round((after.bytesOnWire - before.bytesOnWire) / wanted),
      residentBytes: after.residentBytes,
    };
  }
} finally {
  agent.destroy();
  await rm(dir, { recursive: true, force: true });
}

/** null: there is no binary of it. */
async function avalanche() {
  const file = values.avalanche ?? searchPath('avalanche', process.env)[0];
  if (file === undefined) return null;
  const at = { ip: '127.0.0.1', port: await freePort() };
  const { metrics, series, scrapes } = AVALANCHE;
  await using child = startChild({
    name: 'avalanche',
    file,
    args: [`--port=${at.port}`, `--gauge-metric-count=${metrics}`, `--series-count=${series}`, '--value-interval=5'],
    logFile: join(dir, 'avalanche.log'),
    whenWeDie: 'SIGKILL',
  });
  await waitFor(() => get(at, false), { what: 'a page of avalanche', deadlineMs: 30_000, hint: child.logFile });
  const cpuSeconds = async () => (await readProcessUsage([child.pid!])).get(child.pid!)?.cpuSeconds ?? Number.NaN;
  const measured = async (gzip: boolean) => {
    for (let i = 0; i < 3; i++) await get(at, gzip);
    const before = await cpuSeconds();
    let samples = 0;
    const began = performance.now();
    for (let i = 0; i < scrapes; i++) {
      const page = await get(at, gzip);
      samples += metrics * series;
      if (i === 0 && parsePage(page.toString('utf8')).samples.length < metrics * series)
        throw new Error('a short page');
    }
    const cpu = (await cpuSeconds()) - before;
    return {
      samplesPerCpuSecond: Math.round(samples / cpu),
      cpuSeconds: cpu,
      seconds: (performance.now() - began) / 1000,
    };
  };
  return { series: metrics * series, scrapes, identity: await measured(false), gzip: await measured(true) };
}

/** The page as text. */
function get({ ip, port }: { ip: string; port: number }, gzip: boolean): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const headers = gzip ? { 'accept-encoding': 'gzip' } : {};
    const request = http.get({ host: ip, port, path: '/metrics', agent, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        const body = Buffer.concat(chunks);
        resolve(response.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body);
      });
    });
    request.on('error', reject);
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = http.createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolve(port));
    });
  });
}
