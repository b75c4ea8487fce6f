// graphql-codegen's client preset over `operations/`, with the schema of the running gateway; then the compiler's verdict.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { print, type DocumentNode } from 'graphql';
import { ask } from '../market.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const run = promisify(execFile);
const bin = (name: string) => `${root}node_modules/.bin/${name}`;

test('generated types are those that an application needs', async (t) => {
  await rm(`${root}codegen/generated`, { recursive: true, force: true });

  await t.test('codegen accepts every operation against the running gateway', async () => {
    await run(bin('graphql-codegen'), ['--config', 'codegen/codegen.ts'], { cwd: root });
  });

  await t.test('tsc accepts correct uses of them and refuses wrong ones', async () => {
    await run(bin('tsc'), ['--project', root], { cwd: root }).catch(({ stdout }) => assert.fail(stdout));
  });

  await t.test('a generated document gets the answer that its type promises', async () => {
    const generated = (await import(`${root}codegen/generated/graphql.ts`)) as { CatalogueDocument: DocumentNode };
    const { firstPage, priceTag } = await import('./usage.ts');
    type Page = Parameters<typeof priceTag>[0];
    const answer = await ask<{ products: { edges: { node: Page }[] } }>({
      query: print(generated.CatalogueDocument),
      variables: firstPage,
    });
    assert.equal(answer.errors, undefined);
    const tags = answer.data!.products.edges.map(({ node }) => priceTag(node));
    assert.equal(tags.length, 3);
    tags.forEach((tag) => assert.match(tag, /^.+: \d+\.\d+ [A-Z]{3}/));
  });
});
