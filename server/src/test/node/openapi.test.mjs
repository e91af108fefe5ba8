// The served document against OpenAPI's own schema of such documents.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { address } from './demo.mjs';

test('the document is valid OpenAPI 3.1', async () => {
  const document = await (await fetch(`${address}/openapi.json`)).json();
  const validator = new Validator();
  const { valid, errors } = await validator.validate(document);
  assert.ok(valid, JSON.stringify(errors, null, 2)?.slice(0, 4000));
  assert.equal(validator.version, '3.1');
});
