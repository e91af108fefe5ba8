// The playground in a browser, against the server with the demo model.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { address, picture } from './demo.mjs';

const env = process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const pictureFile = (name) => join(env.MOONGLASS_PICTURES, `${name}.png`);
const patience = 60_000;

let browser;

before(async () => {
  browser = await chromium.launch({
    executablePath: env.MOONGLASS_CHROMIUM,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--use-fake-device-for-media-stream',
    ],
  });
});

after(() => browser?.close());

/** A page that must load nothing from elsewhere, and break none of its own policy. */
async function open(t, { at = address, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, permissions: ['camera'], ...options });
  await context.addInitScript({ content: axe });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.wrongs = [];
  page.on('console', (message) => {
    if (message.type() === 'error' && !/status of (4\d\d|503)/.test(message.text())) page.wrongs.push(message.text());
  });
  page.on('pageerror', (fault) => page.wrongs.push(String(fault)));
  page.on('request', (request) => {
    if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(`${at}/`)) page.wrongs.push(`asked for ${request.url()}`);
  });
  t.after(async () => {
    await context.close();
    assert.deepEqual(page.wrongs, []);
  });
  await page.goto(`${at}/`);
  return page;
}

async function openReady(t, options) {
  const page = await open(t, options);
  await page.locator('#state', { hasText: 'ready' }).waitFor();
  await page.locator('#settings summary').click();
  await page.locator('#temperature').fill('0');
  await page.locator('#settings summary').click();
  return page;
}

async function set(page, values) {
  await page.locator('#settings summary').click();
  for (const [field, value] of Object.entries(values)) {
    await page.locator(`#${field}`).fill(value);
  }
  await page.locator('#settings summary').click();
}

async function drop(page, name, type, bytes) {
  const data = await page.evaluateHandle(
    ([name, type, base64]) => {
      const transfer = new DataTransfer();
      const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
      transfer.items.add(new File([bytes], name, { type }));
      return transfer;
    },
    [name, type, bytes.toString('base64')],
  );
  await page.dispatchEvent('body', 'drop', { dataTransfer: data });
  await page.locator('#tray li').first().waitFor();
}

/** Sends with Enter and waits for the end of what comes. */
async function ask(page, question) {
  const before = await page.locator('.answer').count();
  await page.locator('#question').fill(question);
  await page.locator('#question').press('Enter');
  const answer = page.locator('.answer').nth(before);
  await answer.and(page.locator('[aria-busy=false]')).waitFor();
  return answer;
}

const textOf = async (answer) => (await answer.locator('> .markdown').innerText()).trim();

async function metric(name) {
  const text = await (await fetch(`${address}/metrics`)).text();
  const line = text.split('\n').find((some) => some.startsWith(`${name} `));
  return line ? Number(line.slice(name.length + 1)) : 0;
}

async function assertAccessible(page, where) {
  const { violations } = await page.evaluate(() => axe.run());
  const serious = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${where}: ${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`);
  assert.deepEqual(serious, []);
}

const screenshot = (page, name) => page.screenshot({ path: join(env.MOONGLASS_SCREENSHOTS, `${name}.png`) });

test('a picture that is dropped is asked about, and a second turn remembers it', async (t) => {
  const page = await openReady(t);
  await assertAccessible(page, 'empty');
  await drop(page, 'turns_001.png', 'image/png', picture('turns_001'));
  assert.equal(await textOf(await ask(page, 'Which shape is the smallest?')), 'blue square');
  const second = await ask(page, 'And above it?');
  assert.equal(await textOf(second), 'blue diamond');
  assert.match(await second.locator('.figures').innerText(), /From the cache\s+[1-9]\d* tokens/);
  await second.locator('.times summary').click();
  assert.match(await second.locator('.times').innerText(), /computing the prompt/);
  assert.match(await second.locator('.times').innerText(), /writing/);
  await assertAccessible(page, 'answered');
  await screenshot(page, 'playground');
  await page.getByRole('button', { name: 'New conversation' }).click();
  assert.equal(await page.locator('.message').count(), 0);
  assert.equal(await textOf(await ask(page, 'Hello')), 'Hello! Show me a picture and ask about it.');
});

test('a picture is pasted, attached and photographed', async (t) => {
  const page = await openReady(t);
  await page.evaluate((base64) => {
    const bytes = Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
    const clipboardData = new DataTransfer();
    clipboardData.items.add(new File([bytes], 'pasted.png', { type: 'image/png' }));
    document.getElementById('question').dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
  }, picture('shape_000').toString('base64'));
  await page.locator('#tray li').waitFor();
  assert.equal(await textOf(await ask(page, 'What is the yellow shape?')), 'cross');
  await page.locator('#files').setInputFiles(pictureFile('shape_000'));
  assert.equal(await page.locator('#tray li').count(), 1);
  await page.getByRole('button', { name: 'Remove shape_000.png' }).click();
  assert.equal(await page.locator('#tray li').count(), 0);
});

test('what the camera sees is attached', async (t) => {
  const page = await openReady(t);
  await page.getByRole('button', { name: 'Photograph', exact: true }).click();
  await page.locator('#camera[open]').waitFor();
  await assertAccessible(page, 'camera');
  await page.getByRole('button', { name: 'Take it' }).click();
  await page.locator('#tray img').waitFor();
  assert.match(await page.locator('#tray').innerText(), /photograph-.*\.jpg/);
});

test('a video is asked about', async (t) => {
  const page = await openReady(t);
  await set(page, { 'max-pixels': '7056', 'max-frames': '8' });
  await page.locator('#files').setInputFiles(env.MOONGLASS_CLIP);
  const answer = await ask(page, 'Which way does the blue square move?');
  assert.equal(await textOf(answer), 'left');
  assert.match(await answer.locator('.figures').innerText(), /of videos/);
  await answer.getByText('What the model saw').click();
  assert.match(await answer.innerText(), /A video of 8 frames/);
});

test('a page of a PDF is read', async (t) => {
  const page = await openReady(t);
  await set(page, { 'max-pixels': String(240 * 130), pages: '1', 'max-tokens': '60' });
  await page.locator('#files').setInputFiles(env.MOONGLASS_PDF);
  const read = await textOf(await ask(page, 'What does the text say?'));
  const words = env.MOONGLASS_PDF_TEXT.split(/\s+/);
  const found = words.filter((word) => read.includes(word)).length;
  assert.ok(found >= words.length / 2, `${read} for ${env.MOONGLASS_PDF_TEXT}`);
});

test('a fault says what went wrong and the way out, and the page goes on', async (t) => {
  const page = await openReady(t);
  await drop(page, 'broken.png', 'image/png', Buffer.from('this is no picture'));
  const failed = await ask(page, 'What is it?');
  const fault = await failed.getByRole('alert').innerText();
  assert.match(fault, /messages\[0\]/);
  assert.match(fault, /Change what the message names/);
  assert.match(fault, /Try again/);
  await assertAccessible(page, 'fault');
  assert.equal(await textOf(await ask(page, 'Hello')), 'Hello! Show me a picture and ask about it.');
  await page.locator('#files').setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('text') });
  assert.match(await page.locator('#complaints').innerText(), /notes\.txt is no picture, video or PDF/);
});

test('to stop an answer ends it on the server', async (t) => {
  const page = await openReady(t);
  const cancelled = await metric('moonglass_requests_total{outcome="cancelled"}');
  await page.locator('#model').selectOption('tiny-random'); // has random weights, and hardly ever ends by itself
  await page.locator('#question').fill('Tell me a long story.');
  await page.locator('#question').press('Enter');
  await page.waitForFunction(() => document.querySelector('.answer > .markdown')?.textContent.length > 20);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.locator('.answer[aria-busy=false]').waitFor();
  assert.equal(await page.locator('.answer .state').innerText(), 'Stopped, on the server too.');
  assert.equal(await metric('moonglass_requests_total{outcome="cancelled"}'), cancelled + 1);
  await page.locator('#model').selectOption('moonglass-demo');
});

test('a page can be used with the keyboard alone', async (t) => {
  const page = await openReady(t);
  await page.locator('#tab-chat').focus();
  await page.keyboard.press('ArrowRight');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'tab-operations');
  assert.ok(await page.locator('#operations').isVisible());
  await page.keyboard.press('ArrowLeft');
  await page.locator('#question').focus();
  await page.keyboard.type('Hello');
  await page.keyboard.press('Shift+Enter');
  assert.equal(await page.locator('.message').count(), 0);
  await page.keyboard.press('Backspace');
  await page.keyboard.press('Enter');
  await page.locator('.answer[aria-busy=false]').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'question');
  assert.match(await page.locator('#announcement').innerText(), /Answer: Hello!/);
});

test('a request is shown as programs send it, and these get the same answer', async (t) => {
  const page = await openReady(t);
  await page.locator('#files').setInputFiles(pictureFile('shape_000'));
  const question = 'What is the yellow shape? ("$HOME" `id` \\ \'x\')';
  const answer = await ask(page, question);
  const said = await textOf(answer);
  await answer.locator('.snippets summary').click();
  const code = async (name) => {
    await answer.getByRole('button', { name, exact: true }).click();
    return answer.locator('.snippets code').innerText();
  };
  assert.match(await code('Java'), /ContentPart\.image\(Path\.of\("shape_000\.png"\)\)/);
  assert.match(await code('Python'), /data_address\("image\/png", "shape_000\.png"\)/);
  const curl = await code('curl');
  const { execFileSync } = await import('node:child_process');
  const output = execFileSync('bash', ['-c', curl], { cwd: env.MOONGLASS_PICTURES, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
  const text = output
    .split('\n')
    .filter((line) => line.startsWith('data: {'))
    .map((line) => JSON.parse(line.slice(6)).choices[0]?.delta.content ?? '')
    .join('');
  assert.equal(text, said);
  const script = join(tmpdir(), `playground-${process.pid}.py`);
  writeFileSync(script, await code('Python'));
  execFileSync('python3', ['-c', 'import ast, sys; ast.parse(open(sys.argv[1]).read())', script]);
  await assertAccessible(page, 'snippets');
});

test('Markdown becomes elements, and never more than it is', async (t) => {
  const page = await openReady(t);
  const render = (text) =>
    page.evaluate(async (markdown) => {
      const { render } = await import('/playground/markdown.js');
      const place = document.createElement('div');
      place.append(render(markdown));
      return new XMLSerializer().serializeToString(place).replace(/ xmlns="[^"]*"/, '').replace(/^<div>|<\/div>$/g, '');
    }, text);
  assert.equal(await render('a **b** *c* `d` ~~e~~'), '<p>a <strong>b</strong> <em>c</em> <code>d</code> <del>e</del></p>');
  assert.equal(await render('# A\n\ntext\nmore'), '<h3>A</h3><p>text\nmore</p>');
  assert.equal(await render('- a\n- b\n  - c\n\n3. d\n4. e'), '<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul><ol start="3"><li>d</li><li>e</li></ol>');
  assert.match(await render('```java\nint a;\n```'), /<pre[^>]*aria-label="Code, java"[^>]*><code>int a;<\/code><\/pre>/);
  assert.match(await render('| a | b |\n|---|---|\n| 1 | 2 |'), /<th scope="col">a<\/th>.*<td>2<\/td>/);
  assert.equal(await render('> a\n> b'), '<blockquote><p>a\nb</p></blockquote>');
  assert.match(await render('[x](https://example.com/)'), /<a href="https:\/\/example\.com\/" target="_blank" rel="noopener noreferrer"/);
  assert.equal(await render('snake_case_name and 2 * 3 * 4'), '<p>snake_case_name and 2 * 3 * 4</p>');
  for (const hostile of [
    '<img src=x onerror=alert(1)>',
    '<script>alert(1)</script>',
    '[x](javascript:alert(1))',
    '![x](data:text/html;base64,AAAA)',
    '[x](JaVaScRiPt:alert(1))',
    '`</code><script>alert(1)</script>`',
    '| <b onclick=alert(1)> | b |\n|---|---|\n| <i> | 2 |',
  ]) {
    const made = await render(hostile);
    assert.doesNotMatch(made, /<(script|img|b|i)\b|href=/, made);
  }
  for (const endless of ['*'.repeat(50_000), '_a'.repeat(30_000), '[('.repeat(30_000), '> '.repeat(20_000), '`'.repeat(30_001), '- '.repeat(20_000), '|'.repeat(30_000) + '\n|-|']) {
    const begun = Date.now();
    await render(endless);
    assert.ok(Date.now() - begun < 20_000, `${endless.slice(0, 4)}… does not end`);
  }
});

test('operators see what the server does', async (t) => {
  const page = await openReady(t);
  await ask(page, 'Hello');
  await page.getByRole('tab', { name: 'Operations' }).click();
  await page.locator('#experts').waitFor();
  assert.match(await page.locator('#queue').innerText(), /Requests waiting/);
  assert.match(await page.locator('#batch').innerText(), /Answers being written/);
  assert.match(await page.locator('#caches').innerText(), /Key and value blocks in use/);
  await page.locator('#watched').selectOption('moonglass-demo');
  assert.match(await page.locator('#heat-caption').innerText(), /Most loaded: layer \d+, expert \d+: [\d,]+ tokens/);
  assert.match(await page.locator('#stages').innerText(), /decoding\s+\d+\s+[1-9]/);
  const { width, height } = await page.locator('#heat').evaluate((canvas) => ({ width: canvas.width, height: canvas.height }));
  assert.ok(width > 0 && height > 0);
  const painted = await page.locator('#heat').evaluate((canvas) =>
    canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((byte) => byte > 0),
  );
  assert.ok(painted);
  await page.getByText('As numbers').click();
  assert.ok((await page.locator('#expert-rows tr').count()) > 0);
  await assertAccessible(page, 'operations');
  await page.getByText('As numbers').click();
  await page.locator('.dashboard').evaluate((place) => place.scrollTo(0, 0));
  await screenshot(page, 'playground-operations');
});

test('a key is asked for, kept for the tab alone, and figures elsewhere are explained', async (t) => {
  const page = await open(t, { at: env.MOONGLASS_GUARDED_ADDRESS });
  await page.locator('#state', { hasText: 'wants an API key' }).waitFor();
  const failed = await ask(page, 'Hello');
  assert.match(await failed.getByRole('alert').innerText(), /Enter a key/);
  await page.locator('#key-dialog[open]').waitFor();
  await assertAccessible(page, 'key');
  await page.locator('#key').fill(env.MOONGLASS_KEY);
  await page.getByRole('button', { name: 'Use it' }).click();
  await page.locator('#state', { hasText: 'not ready yet' }).waitFor(); // it has no model
  const kept = await page.evaluate(() => [JSON.stringify(sessionStorage), JSON.stringify(localStorage), document.cookie]);
  assert.ok(kept[0].includes(env.MOONGLASS_KEY));
  assert.ok(!kept[1].includes(env.MOONGLASS_KEY) && kept[2] === '');
  await page.getByRole('tab', { name: 'Operations' }).click();
  await page.locator('#no-figures', { hasText: 'operations port alone' }).waitFor();
  await page.getByRole('button', { name: 'API key' }).click();
  await page.getByRole('button', { name: 'Forget it' }).click();
  await page.locator('#state', { hasText: 'wants an API key' }).waitFor();
});

test('it fits a telephone', async (t) => {
  const page = await openReady(t, { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, hasTouch: true, isMobile: true });
  await page.locator('#files').setInputFiles(pictureFile('describe_000'));
  await ask(page, 'What does the picture show?');
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'wider than the screen');
  await assertAccessible(page, 'telephone');
  await screenshot(page, 'playground-phone');
  await page.getByRole('tab', { name: 'Operations' }).tap();
  await page.locator('#experts').waitFor();
  assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'wider than the screen');
});

test('it is dark where the system is, or where people want it', async (t) => {
  const page = await openReady(t, { colorScheme: 'dark' });
  const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const dark = await ground();
  await page.locator('#files').setInputFiles(pictureFile('describe_000'));
  const answer = await ask(page, 'What does the picture show?');
  await answer.locator('.times summary').click();
  await assertAccessible(page, 'dark');
  await screenshot(page, 'playground-dark');
  await page.getByRole('tab', { name: 'Operations' }).click();
  await page.locator('#experts').waitFor();
  await assertAccessible(page, 'dark operations');
  await page.locator('#theme').selectOption('light');
  assert.notEqual(await ground(), dark);
  await page.reload();
  assert.notEqual(await ground(), dark);
  await page.locator('#theme').selectOption('system');
});
