// Our subgraphs in the composition libraries of others, and the supergraph of one of them in our gateway.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { composeServices as composeAsApollo } from '@apollo/composition';
import { composeServices as composeAsGuild } from '@theguild/federation-composition';
import { ask, operation, signIn } from '../market.ts';
import { plan, serve } from './gateway.ts';
import { OPERATIONS } from './operations.ts';
import { subgraphs } from './subgraphs.ts';

let folder: string;
let supergraph: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mercado-compose-'));
  supergraph = join(folder, 'supergraph.graphql');
});

after(() => rm(folder, { recursive: true }));

test('@apollo/composition composes the subgraphs', () => {
  const { errors } = composeAsApollo(subgraphs());
  assert.deepEqual(errors?.map(({ message }) => message), undefined);
});

test('@theguild/federation-composition composes the subgraphs, and our gateway runs the result', async (t) => {
  const { errors, supergraphSdl } = composeAsGuild(subgraphs());
  assert.deepEqual(errors?.map(({ message }) => message), undefined);
  await writeFile(supergraph, supergraphSdl!);

  const token = await signIn();
  await buyOne(token);
  const auth = subgraphs().find(({ name }) => name === 'auth')!;
  const theirs = await serve(supergraph, new URL('/.well-known/jwks.json', auth.url).href);
  t.after(() => theirs.stop());

  for (const { name, query, variables, signedIn } of OPERATIONS) {
    await t.test(`plans: ${name}`, async () => {
      const file = join(folder, 'operation.graphql');
      await writeFile(file, query);
      assert.match(await plan(supergraph, file), /\w/);
    });
    await t.test(`answers as ours does: ${name}`, async () => {
      const asked = { query, ...(variables ? { variables } : {}), token: signedIn ? token : undefined };
      const [ours, other] = await Promise.all([ask<unknown>(asked), ask<unknown>(asked, theirs.url)]);
      assert.equal(ours.errors, undefined, JSON.stringify(ours.errors));
      assert.deepEqual(other.errors, undefined, JSON.stringify(other.errors));
      assert.deepEqual(other.data, ours.data);
    });
  }
});

/** An order, so that the operations over orders have something to say. */
async function buyOne(token: string): Promise<void> {
  interface Page {
    products: { edges: { node: { id: string; stock: { available: number } | null } }[] };
  }
  const { data } = await ask<Page>({ query: operation('catalogue'), variables: { first: 24 } });
  const sold = data!.products.edges.find(({ node }) => (node.stock?.available ?? 0) > 0)!.node;
  const input = { idempotencyKey: randomUUID(), lines: [{ productId: sold.id, quantity: 1 }] };
  const answer = await ask<{ placeOrder: { errors: unknown[] } }>({ query: operation('place-order'), variables: { input }, token });
  assert.deepEqual(answer.data?.placeOrder.errors, [], JSON.stringify(answer));
}
