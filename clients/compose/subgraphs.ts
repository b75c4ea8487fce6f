// The subgraphs as `supergraph.yaml` lists them, in the shape that both composition libraries take.
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse as parseGraphql, type DocumentNode } from 'graphql';
import { parse as parseYaml } from 'yaml';

const OURS = fileURLToPath(new URL('../../supergraph.yaml', import.meta.url));
const SUPERGRAPH_CONFIG = process.env['SUPERGRAPH_CONFIG'] ?? OURS;

interface Listed {
  subgraphs: Record<string, { routing_url: string; schema: { file: string } }>;
}

export interface Subgraph {
  name: string;
  url: string;
  typeDefs: DocumentNode;
}

export function subgraphs(): Subgraph[] {
  const listed = parseYaml(readFileSync(SUPERGRAPH_CONFIG, 'utf8')) as Listed;
  return Object.entries(listed.subgraphs).map(([name, { routing_url: url, schema }]) => {
    const file = resolve(dirname(SUPERGRAPH_CONFIG), schema.file);
    return { name, url, typeDefs: parseGraphql(readFileSync(file, 'utf8')) };
  });
}
