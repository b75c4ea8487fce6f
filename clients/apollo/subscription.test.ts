// A shopper watches an order: Apollo Client's own multipart subscriptions, over the one endpoint.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { gql } from '@apollo/client';
import { introspect, operation, signIn } from '../market.ts';
import { storefront } from './client.ts';
import type { CancelOrder, Catalogue, OrderUpdated, PlaceOrder } from './shapes.ts';

const document = (name: string) => gql(operation(name));

test('a shopper watches an order until it is cancelled, and the cache follows', { timeout: 30_000 }, async () => {
  const token = await signIn();
  const client = storefront(await introspect(), () => token);
  const { data: catalogue } = await client.query<Catalogue>({ query: document('catalogue'), variables: { first: 1 } });
  const productId = catalogue!.products.edges[0]!.node.id;
  const { data: placed } = await client.mutate<PlaceOrder>({
    mutation: document('place-order'),
    variables: { input: { idempotencyKey: randomUUID(), lines: [{ productId, quantity: 2 }] } },
  });
  const id = placed!.placeOrder.order!.id;

  const seen: OrderUpdated['orderUpdated'][] = [];
  await new Promise<void>((resolve, reject) => {
    client.subscribe<OrderUpdated>({ query: document('order-updated'), variables: { id } }).subscribe({
      next: ({ data, error }) => {
        if (error) return reject(error);
        seen.push(data!.orderUpdated);
        if (seen.length > 1) return;
        client
          .mutate<CancelOrder>({ mutation: document('cancel-order'), variables: { input: { orderId: id } } })
          .catch(reject);
      },
      error: reject,
      complete: resolve,
    });
  });

  assert.equal(seen[0]?.status, 'COMPLETED', 'the order as it is comes at once');
  assert.equal(seen.at(-1)?.status, 'CANCELLED', 'and the last event is the last thing that can happen to it');
  const inStock = seen.map(({ lines }) => lines[0]!.product!.stock!.available);
  assert.equal(inStock.at(-1), inStock[0]! + 2, 'each event is answered across the services');
  const cached = client.cache.extract() as Record<string, { status?: string }>;
  assert.equal(cached[`Order:${id}`]?.status, 'CANCELLED');
  client.stop();
});
