// The playground as a browser shows it. Needs Chromium: Debian's, or the one that `CHROMIUM` names.
import assert from 'node:assert/strict';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { chromium, type Browser, type Page, type Response } from 'playwright-core';
import { MERCADO_URL } from '../market.ts';

const HOME = new URL('/', MERCADO_URL);
const QUIET = [
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-gpu',
  '--disable-quic',
  '--disable-sync',
  '--no-first-run',
  '--no-sandbox',
];

let browser: Browser;
let page: Page;
let home: Response;
const complaints: string[] = [];
const hosts = new Set<string>();

before(async () => {
  browser = await chromium.launch({ executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium', args: QUIET });
  page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('requestfailed', (request) => complaints.push(`${request.url()} ${request.failure()?.errorText}`));
  page.on('request', (request) => {
    const { protocol, host } = new URL(request.url());
    if (protocol !== 'data:' && protocol !== 'blob:') hosts.add(host);
  });
  home = (await page.goto(HOME.href))!;
});

after(() => browser?.close());

test('the page forbids everything that it does not need', async () => {
  const policy = home.headers()['content-security-policy'] ?? '';
  const directives = policy.split(';').map((directive) => directive.trim()).filter(Boolean);
  assert.deepEqual(directives.sort(), [
    "base-uri 'none'",
    "connect-src 'self'",
    "default-src 'none'",
    "font-src 'self' data:",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "img-src 'self' data:",
    "script-src 'self'",
    "style-src 'self' 'unsafe-inline'",
    "worker-src 'self'",
  ]);
});

test('the example runs as it stands and shows data', { timeout: 60_000 }, async () => {
  await execute('Browse');
  const response = page.locator('.graphiql-response');
  await response.getByText('"available"').first().waitFor();
  const text = (await response.innerText()).replaceAll('\u00a0', ' ');
  assert.doesNotMatch(text, /"errors"/);
  assert.match(text, /"name": ".+"/);
});

test('a newcomer signs in with the second example and is known in a tab of their own', { timeout: 60_000 }, async () => {
  await page.getByRole('tab', { name: 'SignIn' }).click();
  const { data } = await execute<{ login: { accessToken: string } }>('SignIn');
  await page.getByRole('button', { name: 'New tab' }).click();
  await fill('Operation Editor', 'query Me { me { name } }');
  await fill('Headers', `{ "Authorization": "Bearer ${data.login.accessToken}" }`);
  const known = await execute<{ me: { name: string } }>('Me');
  assert.match(known.data.me.name, /\w/);
});

test('the documentation explorer shows Product', async () => {
  await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
  await page.locator('.graphiql-doc-explorer').getByText('Product', { exact: true }).first().click();
  const title = page.locator('.graphiql-doc-explorer-title');
  await title.getByText('Product', { exact: true }).waitFor();
  await page.locator('.graphiql-doc-explorer-content').getByText('stock', { exact: true }).waitFor();
});

test('the editor completes field names, from its worker', async () => {
  await page.getByRole('button', { name: 'New tab' }).click();
  await fill('Operation Editor', '');
  await page.keyboard.type('query { produ');
  await page.keyboard.press('Control+Space');
  await page.locator('.suggest-widget').getByText('products').first().waitFor();
});

test('nothing was complained about and nobody else was asked', async () => {
  const picture = join(tmpdir(), 'mercado-graphiql.png');
  await page.screenshot({ path: picture });
  console.log(`screenshot: ${picture}`);
  assert.deepEqual(complaints, []);
  assert.deepEqual([...hosts], [HOME.host]);
});

/** Replaces what an editor holds, and what its completion has offered. */
async function fill(editor: string, text: string): Promise<void> {
  await page.locator(`[aria-label="${editor}"] .graphiql-editor:not(.hidden) .view-lines`).click();
  for (const key of ['Escape', 'Control+A', 'Delete']) await page.keyboard.press(key);
  await page.keyboard.insertText(text);
}

/**
 * Runs the operation in the editor and returns what the gateway answered. For a moment after a change of tabs GraphiQL still
 * asks for the operation of the tab before, so it is run until the right one was asked for.
 */
async function execute<Data>(name: string): Promise<{ data: Data }> {
  for (;;) {
    const answered = page.waitForResponse((response) => response.request().method() === 'POST');
    await page.getByRole('button', { name: /Execute query/ }).click();
    const response = await answered;
    if (response.request().postDataJSON().operationName === name) return (await response.json()) as { data: Data };
  }
}
