// OpenAI's client for JavaScript.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import OpenAI, { toFile } from 'openai';
import { address, count, description, greeting, model, picture, pictureAddress, timer } from './demo.mjs';

const client = new OpenAI({ baseURL: `${address}/v1`, apiKey: 'none is wanted', maxRetries: 0 });

const shown = (question, ...names) => [
  {
    role: 'user',
    content: [
      ...names.map((name) => ({ type: 'image_url', image_url: { url: pictureAddress(name) } })),
      { type: 'text', text: question },
    ],
  },
];
const chat = (messages, more = {}) => client.chat.completions.create({ model, messages, temperature: 0, ...more });
const tool = { type: 'function', function: timer };

test('a text is answered', async () => {
  const completion = await chat([{ role: 'user', content: 'Hello' }]);
  assert.equal(completion.choices[0].message.content, greeting);
  assert.equal(completion.choices[0].finish_reason, 'stop');
  assert.ok(completion._request_id);
});

test('a picture is seen', async () => {
  const completion = await chat(shown('What is the yellow shape?', 'shape_000'));
  assert.equal(completion.choices[0].message.content, 'cross');
  assert.ok(completion.usage.prompt_tokens_details.image_tokens > 0);
});

test('several pictures are told apart', async () => {
  const completion = await chat(shown('Which image shows more shapes?', 'compare_000_0', 'compare_000_1'));
  assert.equal(completion.choices[0].message.content, 'the first');
});

test('a streamed answer is the same', async () => {
  const stream = client.chat.completions.stream({
    model,
    messages: shown('What does the picture show?', 'describe_000'),
    temperature: 0,
    stream_options: { include_usage: true },
  });
  let pieces = 0;
  for await (const _ of stream) pieces++;
  const completion = await stream.finalChatCompletion();
  assert.equal(completion.choices[0].message.content, description);
  assert.ok(pieces > 5);
  assert.ok(completion.usage.completion_tokens > 5);
});

test('a tool is run by the client, and its result goes back', async () => {
  const asked = [];
  const runner = client.chat.completions.runTools({
    model,
    temperature: 0,
    messages: [{ role: 'user', content: 'Wake me in 383 minutes.' }],
    tool_choice: { type: 'function', function: { name: 'set_timer' } },
    tools: [{
      type: 'function',
      function: { ...timer, parse: JSON.parse, function: (given) => { asked.push(given); return 'The timer runs.'; } },
    }],
  });
  await runner.done();
  assert.equal(asked.length, 1);
  assert.ok(Number.isInteger(asked[0].minutes));
  assert.equal(runner.messages.at(-1).content, 'The timer runs.');
});

test('a tool is called in a stream', async () => {
  const stream = client.chat.completions.stream({
    model,
    messages: [{ role: 'user', content: 'Wake me in 383 minutes.' }],
    tools: [tool],
    tool_choice: 'required',
    parallel_tool_calls: false,
    temperature: 0,
  });
  const completion = await stream.finalChatCompletion();
  assert.equal(completion.choices[0].finish_reason, 'tool_calls');
  assert.ok(Number.isInteger(JSON.parse(completion.choices[0].message.tool_calls[0].function.arguments).minutes));
});

test('an answer is held to a schema', async () => {
  const completion = await chat(shown('Describe the image as JSON.', 'json_001'), {
    response_format: { type: 'json_schema', json_schema: { name: 'picture', strict: true, schema: count } },
  });
  assert.deepEqual(JSON.parse(completion.choices[0].message.content), { count: 2 });
});

test('a file is uploaded once and referred to', async () => {
  const file = await client.files.create({ file: await toFile(picture('shape_000'), 'shape.png'), purpose: 'vision' });
  assert.equal(file.filename, 'shape.png');
  const ids = [];
  for await (const listed of client.files.list()) ids.push(listed.id);
  assert.ok(ids.includes(file.id));
  const bytes = Buffer.from(await (await client.files.content(file.id)).arrayBuffer());
  assert.deepEqual(bytes, picture('shape_000'));
  const completion = await chat([{
    role: 'user',
    content: [{ type: 'image_url', image_url: { url: file.id } }, { type: 'text', text: 'What is the yellow shape?' }],
  }]);
  assert.equal(completion.choices[0].message.content, 'cross');
  assert.equal((await client.files.delete(file.id)).deleted, true);
  await assert.rejects(client.files.retrieve(file.id), OpenAI.NotFoundError);
});

test('responses are kept and gone on from', async () => {
  const first = await client.responses.create({
    model,
    temperature: 0,
    input: [{
      role: 'user',
      content: [
        { type: 'input_image', image_url: pictureAddress('turns_001'), detail: 'auto' },
        { type: 'input_text', text: 'Which shape is the smallest?' },
      ],
    }],
  });
  assert.equal(first.output_text, 'blue square');
  const second = await client.responses.create({ model, temperature: 0, previous_response_id: first.id, input: 'And above it?' });
  assert.equal(second.output_text, 'blue diamond');
  assert.equal((await client.responses.retrieve(first.id)).output_text, 'blue square');
  const items = [];
  for await (const item of client.responses.inputItems.list(first.id)) items.push(item);
  assert.equal(items.length, 1);
  await client.responses.delete(first.id);
  await assert.rejects(client.responses.retrieve(first.id), OpenAI.NotFoundError);
});

test('a response is streamed event by event', async () => {
  const stream = client.responses.stream({ model, temperature: 0, input: 'Hello' });
  const types = [];
  for await (const event of stream) types.push(event.type);
  const response = await stream.finalResponse();
  assert.equal(response.output_text, greeting);
  assert.equal(types[0], 'response.created');
  assert.equal(types.at(-1), 'response.completed');
});

test('a response calls a function, and is held to a schema', async () => {
  const called = await client.responses.create({
    model, temperature: 0, input: 'Wake me in 383 minutes.', tools: [{ type: 'function', strict: true, ...timer }], tool_choice: 'required',
  });
  const call = called.output.find((item) => item.type === 'function_call');
  assert.ok(Number.isInteger(JSON.parse(call.arguments).minutes));
  const answered = await client.responses.create({
    model, temperature: 0, previous_response_id: called.id, input: [{ type: 'function_call_output', call_id: call.call_id, output: 'The timer runs.' }],
  });
  assert.equal(answered.status, 'completed');
  const parsed = await client.responses.parse({
    model, temperature: 0, input: 'Describe.', text: { format: { type: 'json_schema', name: 'picture', strict: true, schema: count } }, max_output_tokens: 40,
  });
  assert.ok(parsed.status === 'incomplete' || Number.isInteger(JSON.parse(parsed.output_text).count));
});

test('embeddings come as the client asks for them', async () => {
  const features = await client.embeddings.create({ model, input: ['a red square', 'a circle'] });
  assert.equal(features.data.length, 2);
  assert.equal(features.data[0].embedding.length, 256);
  const plain = await client.embeddings.create({ model, input: 'a red square', encoding_format: 'float' });
  assert.ok(Math.abs(plain.data[0].embedding[0] - features.data[0].embedding[0]) < 1e-6);
});

test('models are listed', async () => {
  const ids = [];
  for await (const listed of client.models.list()) ids.push(listed.id);
  assert.deepEqual(ids, [model, 'tiny-random']);
});

test('faults are of their classes', async () => {
  const question = [{ role: 'user', content: 'Hello' }];
  await assert.rejects(chat(question, { temperature: 3 }), (fault) => fault instanceof OpenAI.BadRequestError && fault.param === 'temperature');
  await assert.rejects(chat(question, { model: 'another' }), (fault) => fault instanceof OpenAI.NotFoundError && fault.code === 'model_not_found');
  await assert.rejects(
    chat([{ role: 'user', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } }] }]),
    (fault) => fault instanceof OpenAI.UnprocessableEntityError && fault.param === 'messages[0].content[0].image_url.url',
  );
  await assert.rejects(chat(question, { audio: { voice: 'any', format: 'wav' }, modalities: ['audio'] }), (fault) => fault instanceof OpenAI.InternalServerError && fault.status === 501);
});

test('a client that leaves in the middle of a stream harms nobody', async () => {
  const stream = await chat(shown('What does the picture show?', 'describe_000'), { stream: true });
  for await (const _ of stream) break;
  const completion = await chat([{ role: 'user', content: 'Hello' }]);
  assert.equal(completion.choices[0].message.content, greeting);
});
