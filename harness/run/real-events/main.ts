import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { registerRun } from '../../core/registry.ts';
import { DEFAULT_KIND_OPTIONS, type SessionContext } from '../../environment/contract.ts';
import { kindEnvironment } from '../../environment/kind/provider.ts';
import type { RealMeasured } from '../../mesh/events/testing/types.ts';
import type { ScenarioResult } from '../../result/types.ts';
import { runScenario } from '../scenario.ts';
import { ToolBox } from '../tool-box.ts';
import { REAL_EVENTS, type RealEvent } from './catalogue.ts';
import { countsPerEvent } from './counts.ts';
import { clientOf, eventsScenario, namespaceOf } from './scenario.ts';

/** Two pods an event: as many as a node of a laptop bears. */
const AT_ONCE = 6;
const FILE = new URL('../../../docs/events-real.json', import.meta.url);

/**
 * `npm run events:real`: makes the events of docs/events.md happen in a kind cluster with the real Linkerd, and writes what
 * its proxies counted to docs/events-real.json. `--only ID,ID` tries these and keeps the others.
 */
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { only: { type: 'string' } } });
  const only = values.only?.split(',');
  const events = REAL_EVENTS.filter(({ id }) => only?.includes(id) ?? true);
  const dir = mkdtempSync(join(tmpdir(), 'meshproof-events-'));
  const registration = registerRun();
  registration.addDir(dir);
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const note = (line: string) => console.error(line);
  const { tool } = new ToolBox({ given: {}, note, signal: stop.signal });
  const context: SessionContext = {
    ...{ runId: registration.runId, dir, registration, tool, note, signal: stop.signal },
    progress: (event) => (event.kind === 'step' && event.state === 'done' ? note(event.step) : undefined),
  };
  const measured = JSON.parse(readFileSync(FILE, 'utf8')) as Record<string, RealMeasured>;
  {
    const kind = { ...DEFAULT_KIND_OPTIONS, reuse: true };
    await using session = await kindEnvironment.open({ keep: false, kind }, context);
    for (let at = 0; at < events.length; at += AT_ONCE) {
      const group = events.slice(at, at + AT_ONCE);
      const into = join(dir, String(at));
      let version = '';
      const result = await runScenario(eventsScenario(group), {
        session,
        context: { ...context, dir: into },
        onEnvironment: ({ mesh }) => {
          version = mesh.version;
        },
      });
      if (result.error) throw new Error(`${result.error.code}: ${result.error.message}`);
      for (const reason of result.reasons) note(`${reason.code}: ${reason.message}`);
      for (const event of group) measured[event.id] = measure(event, into, result, version);
      write(measured);
    }
  }
  registration.close();
  rmSync(dir, { recursive: true, force: true });
}

/** After each group: what was measured is not lost when the next one fails. */
function write(measured: Record<string, RealMeasured>): void {
  const sorted = Object.fromEntries(Object.entries(measured).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(FILE, `${JSON.stringify(sorted, null, 2)}\n`);
}

function measure(event: RealEvent, dir: string, result: ScenarioResult, version: string): RealMeasured {
  const namespace = namespaceOf(event);
  const times = result.flows
    .filter((flow) => flow.destination === `${namespace}/${clientOf(event)}` && flow.direction === 'inbound')
    .reduce((sum, flow) => sum + flow.truth, 0);
  const names = readdirSync(join(dir, 'pages'));
  const page = (service: string) => {
    const name = names.find((file) => file.startsWith(`${namespace}.${service}-`));
    return name === undefined ? '' : readFileSync(join(dir, 'pages', name), 'utf8');
  };
  const pages = { client: page(clientOf(event)), server: page('web') };
  const counts = countsPerEvent(pages, times, event.view ?? 'requests');
  return { version, how: `\`npm run events:real\`: ${times} of them in kind, the counts divided by that`, ...counts };
}

await main();
