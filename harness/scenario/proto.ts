import { readFileSync } from 'node:fs';
import protobuf from 'protobufjs';
import { projectFile } from '../core/project.ts';

/** The .proto of gRPC services that name none. */
export const SHIPPED_PROTO = projectFile('sim-services/meshproof.proto');

export interface GrpcMethod {
  /** `/package.Service/Method`. */
  path: string;
  clientStreams: boolean;
  serverStreams: boolean;
}

/** What a .proto does not compile for. `line` counts from 1; 0 when it is not known. */
export class ProtoError extends Error {
  readonly line: number;

  constructor(message: string, line: number) {
    super(message);
    this.line = line;
  }
}

let shipped: { source: string; methods: GrpcMethod[] } | undefined;

/** The .proto that ships, read and compiled once. */
export function shippedProto(): { source: string; methods: GrpcMethod[] } {
  if (!shipped) {
    const source = readFileSync(SHIPPED_PROTO, 'utf8');
    shipped = { source, methods: compileProto(source) };
  }
  return shipped;
}

/**
 * The methods of a .proto, in the order of the file. It may import Google's well-known types, but no other file.
 * @throws ProtoError
 */
export function compileProto(source: string): GrpcMethod[] {
  const root = parse(source);
  const services = root.nestedArray.flatMap((node) => servicesIn(node));
  return services.flatMap((service) =>
    service.methodsArray.map((method) => ({
      path: `/${service.fullName.slice(1)}/${method.name}`,
      clientStreams: method.requestStream === true,
      serverStreams: method.responseStream === true,
    })),
  );
}

function parse(source: string): protobuf.Root {
  const root = new protobuf.Root();
  try {
    const { imports = [], weakImports = [] } = protobuf.parse(source, root, { keepCase: true });
    for (const name of [...imports, ...weakImports]) {
      const known = protobuf.common.get(name);
      if (!known?.nested) {
        throw new ProtoError(
          `import of \`${name}\`: only google/protobuf/*.proto can be imported`,
          lineOf(source, name),
        );
      }
      root.addJSON(known.nested as Record<string, protobuf.AnyNestedObject>);
    }
    const syntax = /^\s*syntax\s*=\s*["']([^"']*)["']/m.exec(source);
    if (syntax && syntax[1] !== 'proto3' && syntax[1] !== 'proto2') {
      throw new ProtoError(`syntax \`${syntax[1]}\` is not known`, lineOf(source, 'syntax'));
    }
    root.resolveAll();
    return root;
  } catch (error) {
    if (error instanceof ProtoError) throw error;
    throw asProtoError(error instanceof Error ? error.message : String(error), source);
  }
}

/** protobufjs says the line of what it could not read, and only the name of what it could not resolve. */
function asProtoError(message: string, source: string): ProtoError {
  const placed = /^(.*) \((?:[^()]*, )?line (\d+)\)$/s.exec(message);
  if (placed)
    return new ProtoError(
      placed[1]!.replace("illegal end of input 'null'", 'the file ends too early'),
      Number(placed[2]),
    );
  const quoted = /'([^']+)'|: ([\w.]+)$/.exec(message)?.slice(1).find(Boolean);
  const owner = /\bin (?:Type|Enum|Service) \.?([\w.]+)$/.exec(message)?.[1]?.split('.').at(-1);
  return new ProtoError(message, lineOf(source, quoted ?? owner ?? ''));
}

/** Line of the first use of a name outside of comments; 0 when there is none. */
function lineOf(source: string, name: string): number {
  if (name === '') return 0;
  const bare = source.replaceAll(/\/\/.*|\/\*[\s\S]*?\*\//g, (comment) => comment.replaceAll(/[^\n]/g, ' '));
  const escaped = name.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const match = new RegExp(`(?<![\\w.])${escaped}(?![\\w.])`).exec(bare);
  return match ? bare.slice(0, match.index).split('\n').length : 0;
}

function servicesIn(node: protobuf.ReflectionObject): protobuf.Service[] {
  if (node instanceof protobuf.Service) return [node];
  return node instanceof protobuf.Namespace ? node.nestedArray.flatMap((inner) => servicesIn(inner)) : [];
}
