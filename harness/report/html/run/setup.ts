import type { Result } from '../../../result/types.ts';
import { folded, table } from '../figure.ts';
import { type Content, html } from '../markup.ts';
import { stepTable } from './scenario.ts';

/** Versions, programs, and how what all scenarios share was brought up. */
export function setupOf({ environment, steps }: Result): Content {
  const { name, mesh, tools, node, platform } = environment;
  const facts: [string, string][] = [
    ['Environment', name],
    ['Mesh', mesh.kind === 'simulated' ? 'simulated Linkerd' : mesh.kind],
    ['Linkerd', mesh.version],
    ['Proxy', mesh.proxyVersion],
    ['Node.js', node],
    ['Platform', platform],
  ];
  const programs = tools.map((tool) => [tool.name, tool.version, tool.source, html`<code>${tool.path}</code>`]);
  return [
    folded(
      'Versions',
      html`${table('What ran', [{ name: 'What' }, { name: 'Version' }], facts)}${
        programs.length > 0 &&
        table(
          'Programs',
          ['Program', 'Version', 'Found by', 'Path'].map((column) => ({ name: column })),
          programs,
        )
      }`,
    ),
    steps.length > 0 && folded('How the environment was brought up', stepTable('Steps (some side by side)', steps)),
    html`<p class="remark"><code>result.json</code> beside this file has every number; a folder for each scenario has its configuration whole, its logs and its timeline.</p>\n`,
  ];
}
