// The playground in a browser, against the server with the demo model.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask, assertAccessible, drop, makeEndless, metric, openReady, pictureFile, screenshot, set, textOf } from './browser.mjs';
import { address, picture } from './demo.mjs';

const env = process.env;

/** The same picture with a chunk in it that no decoder needs. */
function enlarged(png, size) {
  const afterHeader = 8 + 25;
  const body = Buffer.concat([Buffer.from('prVt'), Buffer.alloc(size)]);
  const chunk = Buffer.alloc(8 + body.length);
  chunk.writeUInt32BE(size, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), 4 + body.length);
  return Buffer.concat([png.subarray(0, afterHeader), chunk, png.subarray(afterHeader)]);
}

function crc32(bytes) {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
    }
  }
  return ~crc >>> 0;
}

test('a picture that is dropped is asked about, and a second turn remembers it', async (t) => {
  const page = await openReady(t, { viewport: { width: 1280, height: 960 } });
  await assertAccessible(page, 'empty');
  await drop(page, 'turns_001.png', 'image/png', picture('turns_001'));
  assert.equal(await textOf(await ask(page, 'Which shape is the smallest?')), 'blue square');
  const second = await ask(page, 'And above it?');
  assert.equal(await textOf(second), 'blue diamond');
  assert.match(await second.locator('.figures').innerText(), /From the cache\s+[1-9]\d* tokens/);
  await second.locator('.times summary').click();
  await page.locator('#scroll').evaluate((place) => place.scrollTo(0, place.scrollHeight));
  assert.match(await second.locator('.times').innerText(), /computing the prompt/);
  assert.match(await second.locator('.times').innerText(), /writing/);
  await assertAccessible(page, 'answered');
  await screenshot(page, 'playground');
  await page.getByRole('button', { name: 'New conversation' }).click();
  assert.equal(await page.locator('.message').count(), 0);
  assert.equal(await textOf(await ask(page, 'Hello')), 'Hello! Show me a picture and ask about it.');
});

test('a picture is pasted or attached', async (t) => {
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
  const answer = await ask(page, 'What does the picture show?');
  await answer.getByText('What the model saw').click();
  assert.match(await answer.innerText(), /A picture of \d+ × \d+ pixels/);
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
  await makeEndless(page);
  await page.locator('#question').fill('Sing.');
  await page.locator('#question').press('Enter');
  await page.waitForFunction(() => document.querySelector('.answer > .markdown')?.textContent.length > 20);
  await page.getByRole('button', { name: 'Stop' }).click();
  await page.locator('.answer[aria-busy=false]').waitFor();
  assert.equal(await page.locator('.answer .state').innerText(), 'Stopped, on the server too.');
  assert.equal(await metric('moonglass_requests_total{outcome="cancelled"}'), cancelled + 1);
  await page.locator('#model').selectOption('moonglass-demo');
});

test('whoever clears the conversation in the middle of an answer begins a new one', async (t) => {
  const page = await openReady(t);
  await makeEndless(page);
  await page.locator('#question').fill('Sing.');
  await page.locator('#question').press('Enter');
  await page.waitForFunction(() => document.querySelector('.answer > .markdown')?.textContent.length > 20);
  // the server's word may come before the answer's end, and does here
  await page.route('**/v1/requests/*', (route) => route.fulfill({ status: 200, json: {} }));
  await page.getByRole('button', { name: 'New conversation' }).click();
  await page.locator('#welcome').waitFor();
  await page.locator('#model').selectOption('moonglass-demo');
  const answer = await ask(page, 'Hello');
  assert.equal(await textOf(answer), 'Hello! Show me a picture and ask about it.');
  await answer.locator('.snippets summary').click();
  assert.doesNotMatch(await answer.locator('.snippets code').innerText(), /assistant|Sing/);
});

test('a large file is uploaded once, and again only where the server has it no more', async (t) => {
  const page = await openReady(t);
  await drop(page, 'large.png', 'image/png', enlarged(picture('turns_001'), 7 << 20));
  const uploads = () => page.asked.filter((asked) => asked.startsWith('POST ') && asked.endsWith('/v1/files')).length;
  assert.equal(await textOf(await ask(page, 'Which shape is the smallest?')), 'blue square');
  assert.equal(await textOf(await ask(page, 'And above it?')), 'blue diamond');
  assert.equal(uploads(), 1);
  const files = await (await fetch(`${address}/v1/files`)).json();
  assert.equal(files.data.length, 1);
  await fetch(`${address}/v1/files/${files.data[0].id}`, { method: 'DELETE' });
  const failed = await ask(page, 'And above it?');
  assert.match(await failed.getByRole('alert').innerText(), /file_not_found/);
  await failed.getByRole('button', { name: 'Try again' }).click();
  await page.locator('.answer').last().and(page.locator('[aria-busy=false]')).waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
  assert.equal(uploads(), 2);
});

test('a page can be used with the keyboard alone', async (t) => {
  const page = await openReady(t);
  await page.locator('.skip').focus();
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'question');
  const reached = [];
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press('Tab');
    reached.push(await page.evaluate(() => document.activeElement.id || document.activeElement.textContent));
  }
  for (const id of ['attach', 'photograph', 'clear', 'send', 'tab-chat', 'model', 'theme', 'key-open', 'Settings', 'How many shapes are there?']) {
    assert.ok(reached.includes(id), `${id} is not among ${reached}`);
  }
  await page.locator('#key-open').focus();
  await page.keyboard.press('Enter');
  await page.locator('#key-dialog[open]').waitFor();
  await page.keyboard.press('Escape');
  await page.locator('#key-dialog[open]').waitFor({ state: 'detached' });
  assert.equal(await page.evaluate(() => document.activeElement.id), 'key-open');
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
  await page.keyboard.type('Hello');
  await page.locator('#send').focus();
  await page.keyboard.press('Enter');
  await page.locator('.answer[aria-busy=false]').nth(1).waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'question');
  await page.locator('#clear').focus();
  await page.keyboard.press('Enter');
  await page.locator('#welcome').waitFor();
  assert.equal(await page.evaluate(() => document.activeElement.id), 'question');
  await makeEndless(page);
  await page.locator('#question').focus();
  await page.keyboard.type('Sing.');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelector('.answer > .markdown')?.textContent.length > 20);
  await page.keyboard.press('Escape');
  await page.locator('.answer[aria-busy=false]').waitFor();
  assert.match(await page.locator('.answer').innerText(), /Stopped/);
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
  const deepest = await page.evaluate(async (markdown) => {
    const { render } = await import('/playground/markdown.js');
    let deepest = 0;
    const walk = (node, depth) => {
      deepest = Math.max(deepest, depth);
      node.childNodes.forEach((child) => walk(child, depth + 1));
    };
    walk(render(markdown), 0);
    return deepest;
  }, `${'> - '.repeat(5000)}${'**_~~'.repeat(500)}x${'~~_**'.repeat(500)}`);
  assert.ok(deepest < 60, `${deepest} elements deep`);
  for (const endless of ['*'.repeat(50_000), '_a'.repeat(30_000), '[('.repeat(30_000), '> '.repeat(20_000), '`'.repeat(30_001), '- '.repeat(20_000), '|'.repeat(30_000) + '\n|-|']) {
    await render(endless); // what would not end fails with the suite's time
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

test('a page that the server shows lets in nothing from elsewhere', async (t) => {
  const page = await openReady(t, { allowed: /violates the following|Refused to|requires 'Trusted|127\.0\.0\.1:9/ });
  const refused = await page.evaluate(async () => {
    const refused = [];
    document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));
    for (const [name, attribute] of [['script', 'src'], ['link', 'href'], ['img', 'src']]) {
      const made = document.createElement(name);
      if (name === 'link') made.rel = 'stylesheet';
      try {
        made[attribute] = 'http://127.0.0.1:9/x';
        document.head.append(made);
      } catch {
        refused.push('trusted-types');
      }
    }
    try {
      document.createElement('p').innerHTML = '<b>x</b>';
    } catch {
      refused.push('innerHTML');
    }
    await fetch('http://127.0.0.1:9/').catch(() => {});
    await new Promise((resolve) => setTimeout(resolve, 100));
    return refused;
  });
  for (const directive of ['trusted-types', 'innerHTML', 'style-src-elem', 'img-src', 'connect-src']) {
    assert.ok(refused.includes(directive), `${directive} is not among ${refused}`);
  }
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
  await page.getByRole('button', { name: 'API key' }).click();
  await assertAccessible(page, 'dark key');
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Photograph', exact: true }).click();
  await page.locator('#camera-shoot:enabled').waitFor();
  await assertAccessible(page, 'dark camera');
  await page.keyboard.press('Escape');
  await page.locator('#files').setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('text') });
  await page.locator('#settings summary').click();
  await assertAccessible(page, 'dark settings');
  await page.locator('#settings summary').click();
  await page.getByRole('tab', { name: 'Operations' }).click();
  await page.locator('#experts').waitFor();
  await assertAccessible(page, 'dark operations');
  await screenshot(page, 'playground-operations-dark');
  await page.locator('#theme').selectOption('light');
  assert.notEqual(await ground(), dark);
  await page.reload();
  assert.notEqual(await ground(), dark);
  await page.locator('#theme').selectOption('system');
});
