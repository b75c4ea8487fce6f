// A shopper's visit, told by Apollo Client: what the cache makes of the market's answers is the point.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { test } from 'node:test';
import { gql } from '@apollo/client';
import { filter, firstValueFrom, map, timeout } from 'rxjs';
import { introspect, newcomer, operation } from '../market.ts';
import { possibleTypes, storefront } from './client.ts';
import type { CancelOrder, Catalogue, LogIn, OrderDetails, PlaceOrder, ProductCard, Register } from './shapes.ts';

const document = (name: string) => gql(operation(name));
const PAGE = 12;
const SETTLED_WITHIN_MS = 20_000;

test('a shopper registers, browses, buys and cancels', async (story) => {
  const introspection = await introspect();
  const members = possibleTypes(introspection);
  let token: string | undefined;
  const client = storefront(introspection, () => token);
  const shopper = newcomer();
  const credentials = { email: shopper.email, password: shopper.password };

  const cached = () => client.cache.extract() as Record<string, { stock?: { available: number } | null }>;
  const cachedStock = (id: string) => cached()[`Product:${id}`]?.stock?.available;

  await story.test('registers', async () => {
    const { data } = await client.mutate<Register>({ mutation: document('register'), variables: { input: shopper } });
    assert.deepEqual(data?.register.errors, []);
    assert.equal(data?.register.user?.email, shopper.email);
  });

  await story.test('is told by a union member that the address is taken', async () => {
    const { data } = await client.mutate<Register>({ mutation: document('register'), variables: { input: shopper } });
    assert.equal(data?.register.user, null);
    const [error] = data!.register.errors;
    assert.ok(members['RegisterError']?.includes(error!.__typename), `${error?.__typename} is not in RegisterError`);
    assert.ok(members['UserError']?.includes(error!.__typename), `${error?.__typename} is no UserError`);
    assert.ok(error!.code && error!.message, 'the fragment on UserError matched');
  });

  await story.test('is refused with the wrong password, and logs in with the right one', async () => {
    const wrong = { email: shopper.email, password: 'not the password' };
    const refused = await client.mutate<LogIn>({ mutation: document('log-in'), variables: { input: wrong } });
    assert.equal(refused.data?.login.accessToken, null);
    assert.ok(members['LoginError']?.includes(refused.data!.login.errors[0]!.__typename));
    const { data } = await client.mutate<LogIn>({ mutation: document('log-in'), variables: { input: credentials } });
    assert.deepEqual(data?.login.errors, []);
    token = data!.login.accessToken!;
  });

  const catalogue = client.watchQuery<Catalogue>({ query: document('catalogue'), variables: { first: PAGE } });
  const rendering = catalogue.subscribe({});
  /** What a page that renders the catalogue shows, as soon as it shows what is expected. */
  const onScreen = (expected: (products: ProductCard[]) => boolean): Promise<ProductCard[]> => {
    const renders = catalogue.pipe(
      filter(({ dataState }) => dataState === 'complete'),
      map(({ data }) => (data as Catalogue).products.edges.map(({ node }) => node)),
      filter(expected),
      timeout(SETTLED_WITHIN_MS),
    );
    return firstValueFrom(renders);
  };
  let shelf: ProductCard[] = [];

  await story.test('browses two pages, merged into one list of 24 products with stock', async () => {
    await onScreen((products) => products.length === PAGE);
    const after = catalogue.getCurrentResult().data?.products?.pageInfo?.endCursor;
    await catalogue.fetchMore({ variables: { first: PAGE, after } });
    shelf = await onScreen((products) => products.length > PAGE);
    assert.equal(shelf.length, 2 * PAGE);
    assert.equal(new Set(shelf.map(({ id }) => id)).size, 2 * PAGE, 'no product is on two pages');
    const normalised = Object.keys(cached()).filter((key) => key.startsWith('Product:'));
    assert.equal(normalised.length, 2 * PAGE, 'one object a product');
    assert.ok(shelf.every(({ price }) => /^\d+\.\d+$/.test(price.amount)), 'prices are decimal texts');
  });

  let basket: ProductCard[] = [];
  let orderId = '';

  type Order = NonNullable<OrderDetails['order']>;
  /** Reads the order from the network until it is as expected: a purchase may still be under way when it is first answered. */
  const orderOnce = (reached: (order: Order) => boolean): Promise<Order> => {
    const variables = { id: orderId };
    const answers = client.watchQuery<OrderDetails>({
      query: document('order-details'),
      variables,
      fetchPolicy: 'network-only',
      pollInterval: 200,
    });
    const orders = answers.pipe(
      map(({ data }) => data?.order as Order | null | undefined),
      filter((order): order is Order => order != null && reached(order)),
      timeout(SETTLED_WITHIN_MS),
    );
    return firstValueFrom(orders);
  };

  await story.test('places an order for three of them', async () => {
    basket = shelf.filter(({ stock }) => (stock?.available ?? 0) >= 3).slice(0, 3);
    assert.equal(basket.length, 3, 'three products with a stock of three or more');
    const lines = basket.map(({ id }, index) => ({ productId: id, quantity: index + 1 }));
    const { data } = await client.mutate<PlaceOrder>({
      mutation: document('place-order'),
      variables: { input: { idempotencyKey: randomUUID(), lines } },
    });
    assert.deepEqual(data?.placeOrder.errors, []);
    orderId = data!.placeOrder.order!.id;
  });

  await story.test('follows order, product and stock in one query, which updates the catalogue in the cache', async () => {
    const order = await orderOnce(({ status }) => status === 'COMPLETED');
    assert.equal(order.customer?.name, shopper.name);
    assert.deepEqual(order.lines.map(({ quantity }) => quantity), [1, 2, 3]);
    order.lines.forEach(({ product, quantity }, index) => {
      const { id, name, price, stock } = basket[index]!;
      assert.deepEqual([product?.id, product?.name, product?.price.amount], [id, name, price.amount]);
      assert.equal(product?.stock?.available, stock!.available - quantity, 'stock went down');
      assert.equal(cachedStock(id), stock!.available - quantity, 'one normalised product for both queries');
    });
    const bought = basket[0]!;
    const isBought = ({ id }: ProductCard) => id === bought.id;
    const left = bought.stock!.available - 1;
    const shown = (await onScreen((products) => products.find(isBought)?.stock?.available === left)).find(isBought);
    assert.deepEqual(shown?.price, bought.price, 'the catalogue on screen follows, and its price lost nothing');
  });

  await story.test('cancels, and the stock comes back', async () => {
    const { data } = await client.mutate<CancelOrder>({
      mutation: document('cancel-order'),
      variables: { input: { orderId, reason: 'Changed my mind' } },
    });
    assert.deepEqual(data?.cancelOrder.errors, []);
    const inStock = basket.map(({ stock }) => stock!.available);
    await orderOnce(({ status, lines }) =>
      status === 'CANCELLED' && lines.every(({ product }, index) => product?.stock?.available === inStock[index]));
    assert.deepEqual(basket.map(({ id }) => cachedStock(id)), inStock);
  });

  rendering.unsubscribe();
  client.stop();
});
