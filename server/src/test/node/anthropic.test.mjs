// Anthropic's client for JavaScript.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import Anthropic, { toFile } from '@anthropic-ai/sdk';
import { address, count, description, greeting, model, picture, timer } from './demo.mjs';

const client = new Anthropic({ baseURL: address, apiKey: 'none is wanted', maxRetries: 0 });

const image = (name) => ({
  type: 'image',
  source: { type: 'base64', media_type: 'image/png', data: picture(name).toString('base64') },
});
const shown = (question, ...names) => ({ role: 'user', content: [...names.map(image), { type: 'text', text: question }] });
const asked = (...messages) => ({ model, max_tokens: 100, temperature: 0, messages });
const tool = { name: timer.name, description: timer.description, input_schema: timer.parameters };

test('a text is answered', async () => {
  const message = await client.messages.create(asked({ role: 'user', content: 'Hello' }));
  assert.deepEqual(message.content.map((block) => block.text), [greeting]);
  assert.equal(message.stop_reason, 'end_turn');
  assert.ok(message._request_id);
});

test('a picture is seen', async () => {
  const message = await client.messages.create(asked(shown('What is the yellow shape?', 'shape_000')));
  assert.equal(message.content[0].text, 'cross');
});

test('several pictures are told apart', async () => {
  const message = await client.messages.create(asked(shown('Which image shows more shapes?', 'compare_000_0', 'compare_000_1')));
  assert.equal(message.content[0].text, 'the first');
});

test('a streamed answer is the same', async () => {
  const stream = client.messages.stream(asked(shown('What does the picture show?', 'describe_000')));
  let pieces = 0;
  stream.on('text', () => pieces++);
  const message = await stream.finalMessage();
  assert.equal(message.content[0].text, description);
  assert.ok(pieces > 5);
  assert.ok(message.usage.output_tokens > 5);
});

test('a system text and a stop sequence are obeyed', async () => {
  const message = await client.messages.create({
    ...asked(shown('What does the picture show?', 'describe_000')), system: 'You are a vision model.', stop_sequences: [' and'],
  });
  assert.equal(message.stop_reason, 'stop_sequence');
  assert.equal(message.stop_sequence, ' and');
  assert.ok(!message.content[0].text.includes(' and'));
});

test('a tool is called and its result is read', async () => {
  const question = { role: 'user', content: 'Wake me in 383 minutes.' };
  const called = await client.messages.create({ ...asked(question), tools: [tool], tool_choice: { type: 'any' } });
  const call = called.content.find((block) => block.type === 'tool_use');
  assert.equal(called.stop_reason, 'tool_use');
  assert.ok(Number.isInteger(call.input.minutes));
  const answered = await client.messages.create({
    ...asked(question, { role: 'assistant', content: called.content },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: call.id, content: [{ type: 'text', text: 'The timer runs.' }, image('shape_000')] }] }),
    tools: [tool],
    tool_choice: { type: 'none' },
  });
  assert.ok(answered.content.every((block) => block.type === 'text'));
});

test('a tool is called in a stream', async () => {
  const stream = client.messages.stream({
    ...asked({ role: 'user', content: 'Wake me in 383 minutes.' }), tools: [tool], tool_choice: { type: 'tool', name: 'set_timer' },
  });
  const message = await stream.finalMessage();
  assert.ok(Number.isInteger(message.content.at(-1).input.minutes));
});

test('an answer is held to a schema', async () => {
  const message = await client.messages.create({
    ...asked(shown('Describe the image as JSON.', 'json_001')), output_config: { format: { type: 'json_schema', schema: count } },
  });
  assert.deepEqual(JSON.parse(message.content[0].text), { count: 2 });
});

test('tokens are counted as they are charged', async () => {
  const question = shown('What is the yellow shape?', 'shape_000');
  const counted = await client.messages.countTokens({ model, messages: [question] });
  const message = await client.messages.create(asked(question));
  assert.equal(counted.input_tokens, message.usage.input_tokens + message.usage.cache_read_input_tokens);
});

test('a file is referred to', async () => {
  const form = new FormData();
  form.append('file', new Blob([picture('shape_000')]), 'shape.png');
  form.append('purpose', 'vision');
  const file = await (await fetch(`${address}/v1/files`, { method: 'POST', body: form })).json();
  const message = await client.messages.create(asked({
    role: 'user', content: [{ type: 'image', source: { type: 'file', file_id: file.id } }, { type: 'text', text: 'What is the yellow shape?' }],
  }));
  assert.equal(message.content[0].text, 'cross');
});

test('faults are of their classes', async () => {
  const question = { role: 'user', content: 'Hello' };
  await assert.rejects(client.messages.create({ ...asked(question), temperature: 3 }), (fault) =>
    fault instanceof Anthropic.BadRequestError && fault.error.error.type === 'invalid_request_error' && fault.error.error.message.includes('temperature'));
  await assert.rejects(client.messages.create({ ...asked(question), model: 'another' }), Anthropic.NotFoundError);
  await assert.rejects(client.messages.create({ ...asked(question), max_tokens: 0 }), Anthropic.BadRequestError);
  await assert.rejects(
    client.messages.create(asked({ role: 'user', content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AAAA' } }] })),
    Anthropic.UnprocessableEntityError,
  );
});
