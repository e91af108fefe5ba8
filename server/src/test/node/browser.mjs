// The playground in a browser: pages, and what people do with them.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { chromium } from 'playwright-core';
import { address } from './demo.mjs';

const env = process.env;
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
/** Only a fault takes as long, on the slowest machine. */
const patience = 180_000;

export const pictureFile = (name) => join(env.MOONGLASS_PICTURES, `${name}.png`);

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

/**
 * A page that must load nothing from elsewhere, and break none of its own policy.
 *
 * @param at      the server's address, without a slash at its end
 * @param allowed what else may be in the console, or be asked for in vain
 */
export async function open(t, { at = address, allowed = /^$/, ...options } = {}) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, permissions: ['camera'], ...options });
  await context.addInitScript({ content: axe });
  const page = await context.newPage();
  page.setDefaultTimeout(patience);
  page.asked = [];
  const wrongs = [];
  page.on('console', (message) => {
    const text = message.text();
    if (message.type() === 'error' && !/status of (4\d\d|503)/.test(text) && !allowed.test(text)) wrongs.push(text);
  });
  page.on('pageerror', (fault) => wrongs.push(String(fault)));
  page.on('dialog', (dialog) => wrongs.push(`a dialog: ${dialog.message()}`));
  page.on('request', (request) => {
    page.asked.push(`${request.method()} ${request.url()}`);
    if (!/^(blob|data):/.test(request.url()) && !request.url().startsWith(`${at}/`) && !allowed.test(request.url())) wrongs.push(`asked for ${request.url()}`);
  });
  t.after(async () => {
    await context.close();
    assert.deepEqual(wrongs, []);
  });
  await page.goto(`${at}/`);
  return page;
}

/** The same, once it can ask; answers are the likeliest ones. */
export async function openReady(t, options) {
  const page = await open(t, options);
  await page.locator('#state', { hasText: 'ready' }).waitFor();
  await set(page, { temperature: '0' });
  return page;
}

/** Fills in settings. */
export async function set(page, values) {
  await page.locator('#settings summary').click();
  for (const [field, value] of Object.entries(values)) {
    await page.locator(`#${field}`).fill(value);
  }
  await page.locator('#settings summary').click();
}

export async function drop(page, name, type, bytes) {
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
export async function ask(page, question) {
  const before = await page.locator('.answer').count();
  await page.locator('#question').fill(question);
  await page.locator('#question').press('Enter');
  const answer = page.locator('.answer').nth(before);
  await answer.and(page.locator('[aria-busy=false]')).waitFor();
  return answer;
}

/** Has the next answer go on until somebody ends it: that of random weights, which end when they like, and soon. */
export async function makeEndless(page) {
  await page.locator('#model').selectOption('tiny-random');
  await page.route(
    '**/v1/chat/completions',
    (route) => route.continue({ postData: JSON.stringify({ ...route.request().postDataJSON(), min_tokens: 100_000 }) }),
    { times: 1 },
  );
}

export const textOf = async (answer) => (await answer.locator('> .markdown').innerText()).trim();

export async function metric(name) {
  const text = await (await fetch(`${address}/metrics`)).text();
  const line = text.split('\n').find((some) => some.startsWith(`${name} `));
  return line ? Number(line.slice(name.length + 1)) : 0;
}

/** Waits for what the server does by itself. */
export async function until(isSo) {
  for (const end = Date.now() + patience; Date.now() < end; ) {
    if (await isSo()) {
      return;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.fail(`it is still not so: ${isSo}`);
}

export async function assertAccessible(page, where) {
  const { violations } = await page.evaluate(() => axe.run());
  const serious = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => `${where}: ${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join('; ')}`);
  assert.deepEqual(serious, []);
}

export const screenshot = (page, name) => page.screenshot({ path: join(env.MOONGLASS_SCREENSHOTS, `${name}.png`) });
