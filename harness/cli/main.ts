import { runProcess } from './system.ts';

await runProcess(() => import('../run.ts'));
