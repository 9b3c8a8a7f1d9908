import { describe, expect, it } from 'vitest';
import { compileProto, ProtoError, shippedProto } from './proto.ts';

function refusal(source: string): string {
  try {
    compileProto(source);
  } catch (error) {
    if (error instanceof ProtoError) return `${error.line}: ${error.message}`;
    throw error;
  }
  return 'compiles';
}

describe('methods of a .proto', () => {
  it('are those of the one that ships', () => {
    expect(shippedProto().methods).toEqual([
      { path: '/meshproof.v1.Echo/Unary', clientStreams: false, serverStreams: false },
      { path: '/meshproof.v1.Echo/Stream', clientStreams: false, serverStreams: true },
    ]);
  });

  it('stand in packages, without one, and take well-known types', () => {
    const source = `syntax = "proto3"; import "google/protobuf/empty.proto";
service Top { rpc Ping(google.protobuf.Empty) returns (Note); rpc Chat(stream Note) returns (stream Note); }
message Note { repeated string tags = 1; int32 a = 2; string text = 3; bytes more = 4; }
`;
    expect(compileProto(source)).toEqual([
      { path: '/Top/Ping', clientStreams: false, serverStreams: false },
      { path: '/Top/Chat', clientStreams: true, serverStreams: true },
    ]);
  });
});

describe('a .proto that does not compile', () => {
  it.each([
    ['syntax = "proto3";\nmesage A {}\n', "2: illegal token 'mesage'"],
    ['syntax = "proto3";\n\nmessage A {\n  string a = 1;\n', '5: the file ends too early'],
    [
      'syntax = "proto3"; message Foo2 {}\n// Foo\nmessage A { Foo a = 1; }',
      "3: no such type or enum 'Foo' in type .A",
    ],
    ['message A {}\nservice S {\n  rpc U(A) returns (Bee);\n}', '3: no such type: Bee'],
    ['syntax = "proto3";\nmessage A {\n  string a = 1;\n  string b = 1;\n}', '2: duplicate id 1 in type A'],
    ['import "shop/other.proto";', '1: import of `shop/other.proto`: only google/protobuf/*.proto can be imported'],
    ['\nsyntax = "proto4";', '2: syntax `proto4` is not known'],
  ])('%j', (source, expected) => {
    expect(refusal(source).toLowerCase()).toBe(expected.toLowerCase());
  });
});
