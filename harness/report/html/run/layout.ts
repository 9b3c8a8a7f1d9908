import { Graph, layout } from '@dagrejs/dagre';

export interface Box {
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

export interface Placed {
  width: number;
  height: number;
  /** Middles, in the order given. */
  nodes: Point[];
  /** The way of each edge, and the middle of its label, in the order given. */
  edges: { points: Point[]; label: Point }[];
}

/** Wider than this is drawn from top to bottom, if that is narrower. */
const WIDE = 1250;

/**
 * A layered graph: callers before callees, room for labels on the edges.
 * @param edges ends as indexes of `nodes`; no two with the same ends
 */
export function placed(nodes: readonly Box[], edges: readonly { from: number; to: number; label: Box }[]): Placed {
  const wide = along('LR', nodes, edges);
  if (wide.width <= WIDE) return wide;
  const tall = along('TB', nodes, edges);
  return tall.width < wide.width ? tall : wide;
}

function along(
  rankdir: 'LR' | 'TB',
  nodes: readonly Box[],
  edges: readonly { from: number; to: number; label: Box }[],
): Placed {
  const graph = new Graph();
  graph.setGraph({ rankdir, nodesep: 28, edgesep: 16, ranksep: 22, marginx: 6, marginy: 6 });
  for (const [i, { width, height }] of nodes.entries()) graph.setNode(String(i), { width, height });
  for (const { from, to, label } of edges) {
    graph.setEdge(String(from), String(to), { ...label, labelpos: 'c' });
  }
  layout(graph);
  const size = graph.graph() as Box;
  const point = ({ x, y }: Point): Point => ({ x, y });
  return {
    width: size.width,
    height: size.height,
    nodes: nodes.map((_, i) => point(graph.node(String(i)) as unknown as Point)),
    edges: edges.map(({ from, to }) => {
      const edge = graph.edge(String(from), String(to)) as unknown as Point & { points: Point[] };
      return { points: edge.points.map(point), label: point(edge) };
    }),
  };
}
