// What both supergraphs must answer alike: every subgraph, every kind of jump between them, and what is easily got wrong.
import { operation, type Asked } from '../market.ts';

interface Compared extends Omit<Asked, 'token'> {
  name: string;
  signedIn?: true;
}

export const OPERATIONS: Compared[] = [
  { name: 'one page of the catalogue with stock', query: operation('catalogue'), variables: { first: 24 } },
  {
    name: 'aliases on both sides of a jump',
    query: `{ a: products(first: 3) { edges { node { title: name left: stock { available } cost: price { amount } } } } }`,
  },
  {
    name: 'a jump there and back',
    query: `{ products(first: 3) { edges { node { id stock { inStock product { id sku name price { currencyCode } } } } } } }`,
  },
  {
    name: 'conditions by variable on both sides of a jump',
    query: `query Conditions($yes: Boolean!, $no: Boolean!) {
      products(first: 2) { edges { node { name @skip(if: $yes) sku stock @include(if: $yes) { available hidden: inStock @include(if: $no) } } } }
    }`,
    variables: { yes: true, no: false },
  },
  {
    name: 'fragments in fragments',
    query: `{ products(first: 2) { ...Page } }
      fragment Page on ProductConnection { edges { node { ...Item ... on Product { __typename slug } } } }
      fragment Item on Product { id stock { ...Left } } fragment Left on Stock { available inStock }`,
  },
  {
    name: 'what is not there',
    query: `query Missing($id: ID!) { product(id: $id) { name stock { available } } }`,
    variables: { id: '00000000-0000-7000-8000-000000000000' },
  },
  { name: 'two roots of two services', query: `{ me { id } products(first: 1) { edges { node { name } } } }`, signedIn: true },
  { name: 'whoever is signed in', query: `{ me { __typename email name roles } }`, signedIn: true },
  {
    name: 'orders of whoever is signed in, over all four services',
    query: `{ me { name orders(first: 5) { edges { node { id status customer { name } total { amount }
      lines { quantity product { name stock { available } } } } } } } }`,
    signedIn: true,
  },
];
