import { shorten } from '../error.ts';
import type { ProtoSpec } from '../model.ts';
import { compileProto, type GrpcMethod, ProtoError, shippedProto } from '../proto.ts';
import type { ServiceEntry } from '../schema/service.ts';
import type { Context } from './context.ts';

export interface Proto {
  spec: ProtoSpec;
  /** Every method that there is. */
  methods: GrpcMethod[];
  /** Those that synthetic services can serve: unary and server streaming. */
  served: GrpcMethod[];
}

type Outcome = Proto | { problem: string; hint: string };

/** The .proto files of gRPC services; one that several services name is compiled once. */
export class Protos {
  readonly #context: Context;
  readonly #known = new Map<string | null, Outcome>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** null and a report when it does not compile. */
  of(service: ServiceEntry, index: number): Proto | null {
    const file = service.proto ?? null;
    const known = this.#known.get(file) ?? this.#compile(file);
    this.#known.set(file, known);
    if (!('problem' in known)) return known;
    this.#context.report(['services', index, 'proto'], known.problem, known.hint);
    return null;
  }

  #compile(file: string | null): Outcome {
    if (file === null) {
      const { source, methods } = shippedProto();
      return { spec: { file, source }, methods, served: methods };
    }
    const read = this.#context.readFile(file);
    if ('problem' in read) return { problem: `${file}: ${read.problem}`, hint: read.hint };
    try {
      const methods = compileProto(read.text);
      const served = methods.filter((method) => !method.clientStreams);
      if (served.length > 0) return { spec: { file, source: read.text }, methods, served };
      return methods.length > 0
        ? {
            problem: `${file}: every method has a stream of requests, which synthetic services do not serve`,
            hint: 'add a method `rpc Get(Request) returns (Reply);`, or one that returns a stream',
          }
        : { problem: `${file}: there is no method in it`, hint: 'add a `service` with an `rpc`' };
    } catch (error) {
      if (!(error instanceof ProtoError)) throw error;
      const place = error.line > 0 ? `${file}:${error.line}` : file;
      return {
        problem: `${place}: ${shorten(error.message, 200)}`,
        hint: `correct line ${error.line || 1} of ${file}, or leave \`proto:\` out for the .proto that ships`,
      };
    }
  }
}
