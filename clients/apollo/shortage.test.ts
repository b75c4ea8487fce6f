// Two clients with rights of their own: staff put up a product of which there are two, a shopper wants three.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { gql } from '@apollo/client';
import { introspect, logIn, operation, signIn, STAFF } from '../market.ts';
import { storefront } from './client.ts';
import type { ArchiveProduct, CreateProduct, CreateStock, OutOfStockError, PlaceOrder } from './shapes.ts';

const document = (name: string) => gql(operation(name));

test('a shopper who wants more than there is hears of each shortage', async (t) => {
  const introspection = await introspect();
  const [staffToken, shopperToken] = [await logIn(STAFF), await signIn()];
  const staff = storefront(introspection, () => staffToken);
  const shopper = storefront(introspection, () => shopperToken);

  const unique = randomUUID();
  const name = `Pair of ${unique}`;
  const created = await staff.mutate<CreateProduct>({
    mutation: document('create-product'),
    variables: { input: { sku: `PAIR-${unique}`, name, price: { amount: '12.50', currencyCode: 'EUR' } } },
  });
  assert.deepEqual(created.data?.createProduct.errors, []);
  const { id } = created.data!.createProduct.product!;
  t.after(async () => {
    const variables = { input: { id } };
    const { data } = await staff.mutate<ArchiveProduct>({ mutation: document('archive-product'), variables });
    assert.ok(data?.archiveProduct.product?.archivedAt);
  });

  const stocked = await staff.mutate<CreateStock>({
    mutation: document('create-stock'),
    variables: { input: { productId: id, onHand: 2 } },
  });
  assert.deepEqual(stocked.data?.createStock.errors, []);
  assert.equal(stocked.data?.createStock.stock?.product.name, name, 'inventory answers with the name that products knows');

  const order = (quantity: number) =>
    shopper.mutate<PlaceOrder>({
      mutation: document('place-order'),
      variables: { input: { idempotencyKey: randomUUID(), lines: [{ productId: id, quantity }] } },
    });
  const refused = (await order(3)).data!.placeOrder;
  assert.equal(refused.order?.status ?? 'CANCELLED', 'CANCELLED');
  assert.deepEqual(refused.errors.map(({ __typename, code }) => [__typename, code]), [['OutOfStockError', 'OUT_OF_STOCK']]);
  const { shortages } = refused.errors[0] as OutOfStockError;
  const told = shortages.map(({ requested, available, product }) => [requested, available, product?.name]);
  assert.deepEqual(told, [[3, 2, name]]);

  assert.deepEqual((await order(2)).data?.placeOrder.errors, [], 'what was refused holds nothing back');
});
