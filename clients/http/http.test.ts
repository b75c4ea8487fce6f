// The GraphQL-over-HTTP specification, as the `graphql-http` package audits it: one test an audit, none excused.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { serverAudits } from 'graphql-http';
import { MERCADO_URL } from '../market.ts';

for (const audit of serverAudits({ url: MERCADO_URL })) {
  test(`${audit.id} ${audit.name}`, async () => {
    const result = await audit.fn();
    assert.equal(result.status, 'ok', 'reason' in result ? result.reason : undefined);
  });
}
