// What an application writes against the generated types. `tsc` reads this file; it is the test that the types are of use.
import { CatalogueDocument, OrderDetailsDocument, type CatalogueQuery, type OrderStatus } from './generated/graphql.ts';
import type { ResultOf, VariablesOf } from '@graphql-typed-document-node/core';

type Product = CatalogueQuery['products']['edges'][number]['node'];

export const firstPage: VariablesOf<typeof CatalogueDocument> = { first: 3 };

export function priceTag({ name, price, stock }: Product): string {
  return `${name}: ${price.amount} ${price.currencyCode}${stock ? `, ${stock.available} left` : ''}`;
}

export function isOpen(details: ResultOf<typeof OrderDetailsDocument>): boolean {
  const open: OrderStatus = 'PENDING';
  return details.order?.status === open;
}

// @ts-expect-error a stock belongs to another service, so it may be null and must be asked about
export const available = ({ stock }: Product): number => stock.available;

// @ts-expect-error `first` is required by the operation
export const nothing: VariablesOf<typeof CatalogueDocument> = {};
