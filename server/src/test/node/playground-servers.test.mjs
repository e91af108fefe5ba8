// The playground on servers that are not like the one at hand: with keys and TLS, behind a proxy, restarted, lost.
import assert from 'node:assert/strict';
import { createServer, request as httpRequest } from 'node:http';
import { test } from 'node:test';
import { ask, assertAccessible, makeEndless, metric, open, openReady, textOf, until } from './browser.mjs';
import { address } from './demo.mjs';

const env = process.env;
const greeting = 'Hello! Show me a picture and ask about it.';
const clientsGone = 'moonglass_requests_total{outcome="client_gone"}';
const guarded = { at: env.MOONGLASS_GUARDED_ADDRESS, ignoreHTTPSErrors: true };

async function useKey(page, key) {
  await page.locator('#key-dialog[open]').waitFor();
  await page.locator('#key').fill(key);
  await page.getByRole('button', { name: 'Use it' }).click();
}

test('a key is asked for, kept for the tab alone, and figures elsewhere are explained', async (t) => {
  const page = await open(t, guarded);
  await page.locator('#key-reason', { hasText: 'only those who have a key' }).waitFor();
  assert.equal(await page.locator('#state').innerText(), 'wants an API key');
  await assertAccessible(page, 'key');
  await useKey(page, 'no key of this server');
  await page.locator('#key-reason', { hasText: 'does not know this key' }).waitFor();
  await useKey(page, env.MOONGLASS_KEY);
  await page.locator('#state', { hasText: 'ready' }).waitFor();
  assert.equal(await page.evaluate(() => performance.getEntriesByType('navigation')[0].nextHopProtocol), 'h2');
  const answer = await ask(page, 'Hello');
  assert.equal(await textOf(answer), greeting);
  await answer.locator('.snippets summary').click();
  const snippet = await answer.locator('.snippets code').innerText();
  assert.ok(snippet.includes('$MOONGLASS_API_KEY') && !snippet.includes(env.MOONGLASS_KEY), snippet);
  const kept = await page.evaluate(() => [JSON.stringify(sessionStorage), JSON.stringify(localStorage), document.cookie]);
  assert.ok(kept[0].includes(env.MOONGLASS_KEY));
  assert.ok(!kept[1].includes(env.MOONGLASS_KEY) && kept[2] === '');
  await page.getByRole('tab', { name: 'Operations' }).click();
  await page.locator('#no-figures', { hasText: 'operations port alone' }).waitFor();
  await assertAccessible(page, 'no figures');
  await page.getByRole('button', { name: 'API key' }).click();
  await page.getByRole('button', { name: 'Forget it' }).click();
  await page.locator('#state', { hasText: 'wants an API key' }).waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
});

test('a key that has asked too much is told how long to wait', async (t) => {
  const page = await open(t, guarded);
  await useKey(page, env.MOONGLASS_LIMITED_KEY);
  await page.locator('#state', { hasText: 'ready' }).waitFor();
  let fault;
  for (let asked = 0; asked < 20 && !fault; asked++) {
    const answer = await ask(page, 'Hello');
    if ((await answer.getByRole('alert').count()) > 0) {
      fault = await answer.getByRole('alert').innerText();
    }
  }
  assert.match(fault, /key_request_limit/);
  assert.match(fault, /Try again in [1-9]\d* seconds?\./);
});

test('a restarted server leaves what it wrote; thinking is folded away, and what a model writes stays text', async (t) => {
  const page = await open(t, { at: env.MOONGLASS_RESTARTED_ADDRESS, allowed: /net::ERR_/ });
  await page.locator('#state', { hasText: 'ready' }).waitFor();
  await page.locator('#question').fill('What shines?');
  await page.locator('#question').press('Enter');
  await page.locator('.answer > .markdown', { hasText: env.MOONGLASS_BEGINNING }).waitFor();
  await fetch(env.MOONGLASS_RESTART, { method: 'POST' });
  const broken = page.locator('.answer').first();
  await broken.and(page.locator('[aria-busy=false]')).waitFor();
  assert.equal(await textOf(broken), env.MOONGLASS_BEGINNING);
  assert.match(await broken.getByRole('alert').innerText(), /Try again/);
  await page.locator('#state', { hasText: 'ready' }).waitFor();
  await broken.getByRole('button', { name: 'Try again' }).click();
  const answer = page.locator('.answer', { hasText: 'moon' });
  await answer.and(page.locator('[aria-busy=false]')).waitFor();
  assert.equal(await page.locator('.message').count(), 2);
  assert.equal(await textOf(answer), env.MOONGLASS_ANSWER.replaceAll('*', ''));
  const thinking = answer.locator('.thinking');
  assert.ok(!(await thinking.locator('.markdown').isVisible()));
  await thinking.locator('summary').click();
  assert.match(await thinking.locator('.markdown').innerText(), /Is it night\? <img/);
  assert.equal(await page.locator('.message :is(script, img, a)').count(), 0);
  assert.match(await answer.locator('.figures').innerText(), /of thinking/);
  await assertAccessible(page, 'thinking');
});

/** A proxy that has the server below a path, and can lose all its connections. */
async function proxyAt(t, path) {
  const proxy = createServer((request, response) => {
    if (!request.url.startsWith(`${path}/`)) {
      response.writeHead(404).end();
      return;
    }
    const { method, headers } = request;
    const onward = httpRequest(`${address}${request.url.slice(path.length)}`, { method, headers }, (answer) => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
      answer.on('error', () => response.destroy());
    });
    onward.on('error', () => response.destroy());
    response.on('close', () => onward.destroy());
    request.pipe(onward);
  });
  await new Promise((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    proxy.closeAllConnections();
    proxy.close();
  });
  return { at: `http://127.0.0.1:${proxy.address().port}${path}`, cut: () => proxy.closeAllConnections() };
}

test('it works below a path of a proxy, keeps what was written when the connection is lost, and goes on', async (t) => {
  const proxy = await proxyAt(t, '/models/moonglass');
  const page = await openReady(t, { at: proxy.at, allowed: /net::ERR_/ });
  assert.equal(await textOf(await ask(page, 'Hello')), greeting);
  await page.getByRole('tab', { name: 'Operations' }).click();
  await page.locator('#figures').waitFor();
  await page.getByRole('tab', { name: 'Chat' }).click();
  const gone = await metric(clientsGone);
  await makeEndless(page);
  await page.locator('#question').fill('Sing.');
  await page.locator('#question').press('Enter');
  const lost = page.locator('.answer').nth(1);
  await page.waitForFunction(() => document.querySelectorAll('.answer > .markdown')[1]?.textContent.length > 20);
  proxy.cut();
  await lost.and(page.locator('[aria-busy=false]')).waitFor();
  assert.ok((await textOf(lost)).length > 20);
  assert.match(await lost.getByRole('alert').innerText(), /lost in the middle of the answer/);
  await until(async () => (await metric(clientsGone)) === gone + 1);
  await page.locator('#state', { hasText: 'ready' }).waitFor();
  await page.locator('#model').selectOption('moonglass-demo');
  await lost.getByRole('button', { name: 'Try again' }).click();
  await page.locator('.answer').nth(1).and(page.locator('[aria-busy=false]')).waitFor();
  assert.equal(await page.getByRole('alert').count(), 0);
});
