// What tools learn when they ask the gateway about its graph.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { diff } from '@graphql-inspector/core';
import {
  buildClientSchema,
  buildSchema,
  introspectionFromSchema,
  lexicographicSortSchema,
  printSchema,
  validateSchema,
  type GraphQLSchema,
} from 'graphql';
import { EVERY_OPTION, introspect, servedSchema } from '../market.ts';

const API = process.env['API_SCHEMA'] ?? new URL('../../schema/api.graphql', import.meta.url);

test('the served schema is valid', async () => {
  assert.deepEqual(validateSchema(await servedSchema()), []);
});

/** The committed schema as its own introspection tells it: the served one cannot carry directives on its definitions. */
function committedSchema(): GraphQLSchema {
  const schema = buildSchema(readFileSync(API, 'utf8'));
  return buildClientSchema(introspectionFromSchema(schema, EVERY_OPTION));
}

test('graphql-inspector sees no change from schema/api.graphql to the served schema', async () => {
  const changes = await diff(committedSchema(), await servedSchema());
  assert.deepEqual(changes.map(({ message }) => message), []);
});

test('descriptions, deprecations and specification links are those of schema/api.graphql', async () => {
  const text = (schema: GraphQLSchema) => printSchema(lexicographicSortSchema(schema));
  assert.equal(text(await servedSchema()), text(committedSchema()));
});

test('nothing of federation is visible', async () => {
  const { __schema } = await introspect();
  const names = [...__schema.types, ...__schema.directives].map(({ name }) => name);
  const fields = __schema.types.flatMap((type) => ('fields' in type ? (type.fields ?? []).map(({ name }) => name) : []));
  const internal = /^(join__|link__|core__|federation__|_Entity$|_Any$|_Service$|_entities$|_service$|key$|inaccessible$)/;
  assert.deepEqual([...names, ...fields].filter((name) => internal.test(name)), []);
});

test('introspection types are those of the specification', async () => {
  const { __schema } = await introspect();
  const served = __schema.types.map(({ name }) => name).filter((name) => name.startsWith('__'));
  assert.deepEqual(served.sort(), [
    '__Directive',
    '__DirectiveLocation',
    '__EnumValue',
    '__Field',
    '__InputValue',
    '__Schema',
    '__Type',
    '__TypeKind',
  ]);
});
