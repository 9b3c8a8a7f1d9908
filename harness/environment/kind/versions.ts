import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { HarnessError } from '../../core/errors.ts';
import { projectFile } from '../../core/project.ts';

export { withMirror } from './image-name.ts';

const FILE = projectFile('kind-config/versions.yaml');

const SHA256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits');
const RELEASE = z.string().regex(/^v\d+\.\d+\.\d+$/, 'must be a version such as v1.2.3');
const PINNED = {
  name: z
    .string()
    .regex(/^[a-z0-9.-]+(?::\d+)?(?:\/[a-z0-9._-]+)+:[\w.-]+$/, 'must be registry/path:tag, without a digest')
    .refine((name) => !name.endsWith(':latest'), 'must not be `latest`: it is not always the same image'),
  digest: z
    .string()
    .regex(/^sha256:[0-9a-f]{64}$/, 'must be sha256: and 64 hexadecimal digits, or null')
    .nullable(),
};
const IMAGE = z.strictObject(PINNED);

/** Of an image in the file. */
export type PinnedImage = z.infer<typeof IMAGE>;

/** The name by which an image is pulled and run: with its digest, where that is known. */
export function ref(image: PinnedImage): string {
  return image.digest === null ? image.name : `${image.name}@${image.digest}`;
}

const NAME = IMAGE.transform(ref);
const CLI = z.strictObject({ file: z.string().min(1), sha256: SHA256.nullable() });

const SCHEMA = z.strictObject({
  apiVersion: z.literal('meshproof.io/v1'),
  kind: z.strictObject({
    version: RELEASE,
    nodeImages: z
      .array(
        z
          .strictObject({ ...PINNED, kubernetes: RELEASE })
          .transform(({ kubernetes, ...image }) => ({ name: ref(image), kubernetes })),
      )
      .min(1),
  }),
  linkerd: z.strictObject({
    version: z.string().regex(/^(?:edge|stable|version)-\d+\.\d+(?:\.\d+)?$/, 'must be a release such as edge-26.8.3'),
    proxyVersion: RELEASE,
    cli: z.strictObject({ 'linux-amd64': CLI, 'linux-arm64': CLI, 'darwin-amd64': CLI, 'darwin-arm64': CLI }),
    images: z.array(NAME).min(1),
  }),
  gatewayApi: z.strictObject({ version: RELEASE, manifest: z.url({ protocol: /^https$/ }), sha256: SHA256.nullable() }),
  images: z.strictObject({ prometheus: NAME, k6: NAME, base: NAME }),
});

/** kind-config/versions.yaml; images as the names by which they are pulled. */
export type Versions = z.output<typeof SCHEMA>;

/** @throws HarnessError VERSIONS_INVALID with every problem and its line, VERSIONS_NOT_READABLE */
export async function readVersions(file: string = FILE): Promise<Versions> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new HarnessError('VERSIONS_NOT_READABLE', `${file}: ${(cause as Error).message}`, {
      hint: 'the file comes with meshproof; restore it',
      cause,
    });
  }
  return parseVersions(text, file);
}

/** @throws HarnessError VERSIONS_INVALID with every problem and its line */
export function parseVersions(text: string, file: string): Versions {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) throw invalid(document.errors.map((error) => `${file}: ${error.message}`));
  const parsed = SCHEMA.safeParse(document.toJS());
  if (parsed.success) return parsed.data;
  throw invalid(
    parsed.error.issues.map((issue) => {
      const path = issue.path as (string | number)[];
      return `${file}:${lineOf(document, lines, path)}: ${path.join('.') || '(top)'}: ${issue.message}`;
    }),
  );
}

/** The line of what has that path; of something that is not there, of what it should stand in. */
function lineOf(document: ReturnType<typeof parseDocument>, lines: LineCounter, path: (string | number)[]): number {
  for (let length = path.length; length > 0; length--) {
    const node = document.getIn(path.slice(0, length), true) as { range?: [number, number, number] } | undefined;
    if (node?.range) return lines.linePos(node.range[0]).line;
  }
  return 1;
}

function invalid(problems: string[]): HarnessError {
  return new HarnessError('VERSIONS_INVALID', problems.join('\n'), { hint: 'correct the file, or restore it' });
}
