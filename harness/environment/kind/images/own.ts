import { readFile } from 'node:fs/promises';
import { projectFile } from '../../../core/project.ts';
import type { StepContext } from '../contract.ts';
import type { Base } from './base.ts';
import { type BuildSpec, buildImage } from './build.ts';
import { storedImage } from './store.ts';

/** What bundle() returns: texts by the names of their files. */
export type Programs = Record<string, string>;

/** The synthetic services. @throws HarnessError IMAGE_BUILD_FAILED */
export function serviceImage(base: Base, programs: Programs, context: StepContext): Promise<string> {
  return buildImage(ofOurs('service', base, pick(programs, 'service.mjs')), context);
}

/** Sidecar and control plane of the simulated mesh. @throws HarnessError IMAGE_BUILD_FAILED */
export async function proxyImage(base: Base, programs: Programs, context: StepContext): Promise<string> {
  const redirect = await readFile(projectFile('harness/mesh/cluster/redirect.sh'), 'utf8');
  const files = {
    ...pick(programs, 'sidecar.mjs', 'await.mjs', 'control-plane.mjs'),
    'redirect.sh': { text: redirect },
  };
  return buildImage(ofOurs('proxy', base, files), context);
}

/** The load generator, and the reader of pages, which wants Node too. @param k6 an image in the local store @throws HarnessError IMAGE_BUILD_FAILED */
export async function loadImage(base: Base, programs: Programs, k6: string, context: StepContext): Promise<string> {
  const spec = ofOurs('load', base, pick(programs, 'agent.mjs', 'page-reader.mjs'));
  const identity = (await storedImage(k6, context))!.id;
  return buildImage({ ...spec, args: { ...spec.args, K6_IMAGE: { value: k6, identity } } }, context);
}

function ofOurs(name: string, base: Base, files: BuildSpec['files']): BuildSpec {
  return {
    repository: `meshproof/${name}`,
    dockerfile: `${name}.Dockerfile`,
    args: { BASE: { value: base.name, identity: base.id } },
    files,
  };
}

function pick(programs: Programs, ...names: string[]): BuildSpec['files'] {
  return Object.fromEntries(names.map((name) => [name, { text: programs[name]! }]));
}
