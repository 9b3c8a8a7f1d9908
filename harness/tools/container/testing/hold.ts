/** Starts k6 as a container and waits to be killed: `node hold.ts <image> <program> <folder with script.js>`. */
import { join } from 'node:path';
import { startContainer } from '../start.ts';

const [image, program, dir] = process.argv.slice(2) as [string, string, string];
const container = await startContainer(image, [program], {
  name: 'held',
  args: ['run', '--address', '', 'script.js'],
  cwd: dir,
  logFile: join(dir, 'k6.log'),
});
process.stdout.write('started\n');
await container.exited;
