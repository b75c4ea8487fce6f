// The market under test, and what every suite asks of it.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { buildClientSchema, getIntrospectionQuery, type GraphQLSchema, type IntrospectionQuery } from 'graphql';

export const MERCADO_URL = process.env['MERCADO_URL'] ?? 'http://127.0.0.1:4000/graphql';

/** The text of `operations/NAME.graphql`, with the fragments it needs. */
export function operation(name: string): string {
  const text = (file: string) => readFileSync(new URL(`operations/${file}.graphql`, import.meta.url), 'utf8');
  return text(name).includes('...ProductCard') ? text(name) + text('product-card') : text(name);
}

export interface Answer<Data> {
  data?: Data | null;
  errors?: { message: string; path?: (string | number)[]; extensions?: Record<string, unknown> }[];
}

export interface Asked {
  query: string;
  variables?: Record<string, unknown>;
  token?: string | undefined;
}

export async function ask<Data>({ query, variables, token }: Asked, url = MERCADO_URL): Promise<Answer<Data>> {
  const response = await fetch(url, {
    method: 'POST',
    headers: {
      accept: 'application/graphql-response+json, application/json',
      'content-type': 'application/json',
      ...(token ? { authorization: `Bearer ${token}` } : {}),
    },
    body: JSON.stringify({ query, variables }),
  });
  return (await response.json()) as Answer<Data>;
}

/** Everything that graphql-js can ask about a schema. */
export const EVERY_OPTION = {
  descriptions: true,
  directiveIsRepeatable: true,
  inputValueDeprecation: true,
  oneOf: true,
  schemaDescription: true,
  specifiedByUrl: true,
};

export async function introspect(): Promise<IntrospectionQuery> {
  const query = getIntrospectionQuery(EVERY_OPTION);
  const answer = await ask<IntrospectionQuery>({ query });
  assert.deepEqual(answer.errors, undefined, 'introspection must be allowed where the client tests run');
  return answer.data!;
}

export async function servedSchema(): Promise<GraphQLSchema> {
  return buildClientSchema(await introspect());
}

/** A person whom the market has never seen, so that the suites can run again and again on one database. */
export function newcomer() {
  return { email: `shopper-${randomUUID()}@example.test`, password: `correct horse ${randomUUID()}`, name: 'Ada Client' };
}

export type Credentials = Pick<ReturnType<typeof newcomer>, 'email' | 'password'>;

/** The demo account that may change catalogue and stock. */
export const STAFF: Credentials = { email: 'staff@mercado.test', password: 'mercado-demo-2026' };

/** Returns an access token. */
export async function logIn({ email, password }: Credentials): Promise<string> {
  const variables = { input: { email, password } };
  const answer = await ask<{ login: { accessToken: string } }>({ query: operation('log-in'), variables });
  assert.ok(answer.data?.login.accessToken, JSON.stringify(answer));
  return answer.data.login.accessToken;
}

/** Registers a newcomer and returns an access token. */
export async function signIn(): Promise<string> {
  const input = newcomer();
  await ask({ query: operation('register'), variables: { input } });
  return logIn(input);
}
