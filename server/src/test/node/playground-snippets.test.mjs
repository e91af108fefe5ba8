// What the playground shows of a request, run as people would run it.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { ask, assertAccessible, openReady, pictureFile, set, textOf } from './browser.mjs';

const env = process.env;
const question = 'What is the yellow shape? ("$HOME" `touch pwned` $(touch pwned) \\ \\u0022 \'x\' {} """ ${x} \u2028 é ☾)\nJSON\ntouch pwned';
const plain = '-w.png';
const quoted = 'it\'s "$HOME" `touch pwned` \\ -x.png';
const broken = 'it\'s "$HOME" `touch pwned` \\\nJSON\ntouch pwned\n.png';
const folder = mkdtempSync(join(tmpdir(), 'playground'));
[plain, quoted, broken].forEach((name) => copyFileSync(pictureFile('shape_000'), join(folder, name)));
after(() => rmSync(folder, { recursive: true }));

/** Asks about a file of this name; what the answer was, and how the page shows a conversation of two turns. */
async function conversation(t, name) {
  const page = await openReady(t);
  await set(page, { 'max-tokens': '12', 'max-pixels': '60000', system: 'Be "short".' });
  await page.locator('#files').setInputFiles(join(folder, name));
  await ask(page, question);
  const answer = await ask(page, 'And the red one?');
  await answer.locator('.snippets summary').click();
  await assertAccessible(page, 'snippets');
  return {
    said: await textOf(answer),
    code: async (language) => {
      await answer.getByRole('button', { name: language, exact: true }).click();
      return answer.locator('.snippets code').textContent();
    },
  };
}

function run(program, ...words) {
  const output = execFileSync(program, words, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  assert.ok(!readdirSync(folder).includes('pwned'), 'a text was run');
  return output;
}

function textOfStream(output) {
  return output
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)).choices[0]?.delta.content ?? '')
    .join('')
    .trim();
}

for (const [shell, name] of [['sh', plain], ['sh', quoted], ['bash', broken]]) {
  test(`${shell} gets the same answer about ${JSON.stringify(name)} with curl`, async (t) => {
    const { said, code } = await conversation(t, name);
    assert.equal(textOfStream(run(shell, '-c', await code('curl'))), said);
  });
}

test('Java gets the same answer', async (t) => {
  const { said, code } = await conversation(t, broken);
  writeFileSync(join(folder, 'Ask.java'), await code('Java'));
  assert.equal(run(env.MOONGLASS_JAVA, '-cp', env.MOONGLASS_CLASS_PATH, 'Ask.java').trim(), said);
});

test('Java sends files that nothing is asked about', async (t) => {
  const page = await openReady(t);
  await set(page, { 'max-tokens': '12' });
  await page.locator('#files').setInputFiles(join(folder, plain));
  const answer = await ask(page, '');
  await answer.locator('.snippets summary').click();
  await answer.getByRole('button', { name: 'Java', exact: true }).click();
  writeFileSync(join(folder, 'Ask.java'), await answer.locator('.snippets code').textContent());
  assert.equal(run(env.MOONGLASS_JAVA, '-cp', env.MOONGLASS_CLASS_PATH, 'Ask.java').trim(), await textOf(answer));
});

test('Python gets the same answer', { skip: env.MOONGLASS_PYTHON ? false : 'there is no Python with openai here' }, async (t) => {
  const { said, code } = await conversation(t, broken);
  writeFileSync(join(folder, 'ask.py'), await code('Python'));
  assert.equal(run(env.MOONGLASS_PYTHON, 'ask.py').trim(), said);
});

test('nothing that a file says of itself reaches a shell, and no key is shown', async (t) => {
  const page = await openReady(t);
  const written = await page.evaluate(async () => {
    const { SNIPPETS, hole } = await import('/playground/snippets.js');
    const request = {
      body: { messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: hole(0) } }, { type: 'text', text: '\uE0000\uE001 file-0' }] }], stream: true },
      files: [{ name: 'plain.png', type: 'image/png$(touch pwned)"' }],
      server: 'http://127.0.0.1:9/',
      keyed: true,
    };
    return Object.fromEntries(SNIPPETS.map(({ name, write }) => [name, write(request)]));
  });
  for (const [language, text] of Object.entries(written)) {
    assert.ok(!text.includes('pwned'), text);
    assert.match(text, /MOONGLASS_API_KEY/, language);
  }
  assert.match(written.curl, /data:application\/octet-stream;base64,/);
  assert.ok(written.curl.includes('\uE0000\uE001 file-0'));
});
