import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { SetContextLink } from '@apollo/client/link/context';
import { relayStylePagination } from '@apollo/client/utilities';
import type { IntrospectionQuery } from 'graphql';
import { MERCADO_URL } from '../market.ts';

/** Which objects may stand for an interface or a union: without it the cache cannot match fragments on `UserError`. */
export function possibleTypes({ __schema }: IntrospectionQuery): Record<string, string[]> {
  const abstract = __schema.types.filter((type) => type.kind === 'INTERFACE' || type.kind === 'UNION');
  return Object.fromEntries(abstract.map((type) => [type.name, type.possibleTypes.map(({ name }) => name)]));
}

/** A storefront's client, as its team would write it. `token` is asked before each operation. */
export function storefront(introspection: IntrospectionQuery, token: () => string | undefined) {
  const authorize = new SetContextLink(({ headers }) => {
    const bearer = token();
    return { headers: bearer ? { ...headers, authorization: `Bearer ${bearer}` } : headers };
  });
  const cache = new InMemoryCache({
    possibleTypes: possibleTypes(introspection),
    typePolicies: {
      Query: { fields: { products: relayStylePagination(['filter', 'sort']) } },
      // A stock has no id of its own: it is a part of its product.
      Product: { fields: { stock: { merge: true }, price: { merge: true } } },
    },
  });
  return new ApolloClient({ link: ApolloLink.from([authorize, new HttpLink({ uri: MERCADO_URL })]), cache });
}
