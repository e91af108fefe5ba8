// Vercel's AI SDK with its provider for OpenAI, through chat completions and through responses.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createOpenAI } from '@ai-sdk/openai';
import { APICallError, embedMany, generateText, jsonSchema, Output, stepCountIs, streamText, tool } from 'ai';
import { address, count, description, greeting, model, picture, timer } from './demo.mjs';

const openai = createOpenAI({ baseURL: `${address}/v1`, apiKey: 'none is wanted' });

const shown = (question, ...names) => [
  { role: 'user', content: [...names.map((name) => ({ type: 'image', image: picture(name), mediaType: 'image/png' })), { type: 'text', text: question }] },
];
const common = { temperature: 0, maxRetries: 0 };

for (const [dialect, asked] of [['chat completions', openai.chat(model)], ['responses', openai.responses(model)]]) {
  test(`${dialect}: a text is answered`, async () => {
    const answer = await generateText({ ...common, model: asked, prompt: 'Hello' });
    assert.equal(answer.text, greeting);
    assert.equal(answer.finishReason, 'stop');
    assert.ok(answer.usage.inputTokens > 0);
  });

  test(`${dialect}: a picture is seen`, async () => {
    const answer = await generateText({ ...common, model: asked, messages: shown('What is the yellow shape?', 'shape_000') });
    assert.equal(answer.text, 'cross');
  });

  test(`${dialect}: several pictures are told apart`, async () => {
    const answer = await generateText({ ...common, model: asked, messages: shown('Which image shows more shapes?', 'compare_000_0', 'compare_000_1') });
    assert.equal(answer.text, 'the first');
  });

  test(`${dialect}: a streamed answer is the same`, async () => {
    const answer = streamText({ ...common, model: asked, messages: shown('What does the picture show?', 'describe_000'), onError: () => {} });
    let pieces = 0;
    for await (const _ of answer.textStream) pieces++;
    assert.equal(await answer.text, description);
    assert.ok(pieces > 5);
    assert.ok((await answer.usage).outputTokens > 5);
  });

  test(`${dialect}: a tool is run by the client, and its result goes back`, async () => {
    const given = [];
    const answer = await generateText({
      ...common,
      model: asked,
      prompt: 'Wake me in 383 minutes.',
      tools: {
        set_timer: tool({
          description: timer.description,
          inputSchema: jsonSchema(timer.parameters),
          execute: async (input) => { given.push(input); return 'The timer runs.'; },
        }),
      },
      prepareStep: ({ stepNumber }) => ({ toolChoice: stepNumber === 0 ? 'required' : 'none' }),
      stopWhen: stepCountIs(2),
    });
    assert.equal(answer.steps.length, 2);
    assert.ok(given.length > 0 && given.every((input) => Number.isInteger(input.minutes)));
  });

  test(`${dialect}: an answer is held to a schema`, async () => {
    const answer = await generateText({
      ...common, model: asked, messages: shown('Describe the image as JSON.', 'json_001'), output: Output.object({ schema: jsonSchema(count) }),
    });
    assert.deepEqual(answer.output, { count: 2 });
  });

  test(`${dialect}: a fault is told`, async () => {
    await assert.rejects(
      generateText({ ...common, model: asked, prompt: 'Hello', temperature: 3 }),
      (fault) => APICallError.isInstance(fault) && fault.statusCode === 400 && fault.message.includes('temperature'),
    );
  });
}

test('responses: a file is referred to', async () => {
  const form = new FormData();
  form.append('file', new Blob([picture('shape_000')]), 'shape.png');
  form.append('purpose', 'vision');
  const file = await (await fetch(`${address}/v1/files`, { method: 'POST', body: form })).json();
  const answer = await generateText({
    ...common,
    model: openai.responses(model),
    messages: [{ role: 'user', content: [{ type: 'image', image: file.id, mediaType: 'image/png' }, { type: 'text', text: 'What is the yellow shape?' }] }],
  });
  assert.equal(answer.text, 'cross');
});

test('a text is gone on with', async () => {
  const answer = await generateText({ ...common, model: openai.completion(model), prompt: 'A red square and', maxOutputTokens: 4 });
  assert.ok(answer.text.length > 0);
});

test('texts have features', async () => {
  const { embeddings } = await embedMany({ model: openai.embedding(model), values: ['a red square', 'a circle'], maxRetries: 0 });
  assert.equal(embeddings.length, 2);
  assert.equal(embeddings[0].length, 256);
});
