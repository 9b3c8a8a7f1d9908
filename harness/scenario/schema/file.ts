import { z } from 'zod';
import { dnsLabel, duration, fields, namespaceName, serviceRef, whole } from '../fields.ts';
import { query, slo } from './expectations.ts';
import { faultEntry } from './faults.ts';
import { policy } from './policies.ts';
import { routing } from './routing.ts';
import { service } from './service.ts';
import { change, restart } from './timeline.ts';
import { stream } from './traffic.ts';

export const API_VERSION = 'meshproof/v1';
export const KIND = 'Scenario';
export const DEFAULT_MESH_VERSION = 'edge-26.8.3';

/** The file as users write it; what comes out has numbers in milliseconds, requests per second, ratios and bytes. */
export const scenarioFile = fields({
  apiVersion: z.literal(API_VERSION),
  kind: z.literal(KIND),
  metadata: fields({
    name: dnsLabel(),
    description: z.string().max(2000).default('').describe('What it shows, and what to look at.'),
  }),
  namespace: namespaceName().default('default').describe('Of services that name none.'),
  seed: whole(0, 2 ** 32 - 1)
    .default(1)
    .describe('Everything random comes from it.'),
  mesh: fields({
    version: z
      .string()
      .min(1)
      .max(40)
      .default(DEFAULT_MESH_VERSION)
      .describe('A version of Linkerd or of its proxy. Quote it: `2.20` without quotes is the number 2.2.')
      .meta({ examples: ['2.20', 'edge-26.8.3', 'v2.366.0'] }),
    scrapeInterval: duration({ min: 500, max: 60_000 }).prefault('2s').describe("Prometheus' interval; 500ms to 60s."),
    probeInterval: duration({ min: 500, max: 60_000 }).prefault('10s').describe("The kubelet's probes; 500ms to 60s."),
    prometheus: z
      .enum(['meshed', 'unmeshed'])
      .optional()
      .describe('Whether Prometheus has a proxy and with it an identity; default unmeshed.'),
  }).prefault({}),
  services: z.array(service).max(50).meta({ minItems: 1 }),
  routing: z.array(routing).max(50).default([]).describe('Routes of requests, as objects in the cluster.'),
  policies: z.array(policy).max(50).default([]).describe('What the mesh lets in, as objects in the cluster.'),
  traffic: z.array(stream).max(20).meta({ minItems: 1 }),
  timeline: z.array(change).max(100).default([]),
  restarts: z.array(restart).max(20).default([]),
  faults: z.array(faultEntry).max(20).default([]).describe('Failures of telemetry that are provoked.'),
  expect: fields({
    golden: fields({
      everyFlow: z.boolean().default(true).describe('The golden metrics of every flow must match the truth.'),
    }).prefault({}),
    slo: z.array(slo).max(50).default([]),
    idle: z.array(serviceRef()).max(50).default([]).describe('Services that must report no traffic.'),
    queries: z.array(query).max(50).default([]).describe('Queries that must say what is true.'),
  }).prefault({}),
}).describe('A meshproof scenario: services in a mesh, traffic, and what must hold.');

export type ScenarioFile = z.output<typeof scenarioFile>;
