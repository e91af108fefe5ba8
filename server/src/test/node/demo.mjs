// What the suites have in common: where the server is, and pictures that the demo model knows.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

export const address = process.env.MOONGLASS_ADDRESS;
export const model = 'moonglass-demo';
export const greeting = 'Hello! Show me a picture and ask about it.';
export const description = 'A purple square, a red square, a blue star and an orange diamond.';

export function picture(name) {
  return readFileSync(join(process.env.MOONGLASS_PICTURES, `${name}.png`));
}

export function pictureAddress(name) {
  return `data:image/png;base64,${picture(name).toString('base64')}`;
}

export const timer = {
  name: 'set_timer',
  description: 'Starts a timer',
  parameters: { type: 'object', properties: { minutes: { type: 'integer' } }, required: ['minutes'], additionalProperties: false },
};

export const count = {
  type: 'object',
  properties: { count: { type: 'integer' } },
  required: ['count'],
  additionalProperties: false,
};
