// Lives sessions in a page of Chromium while Playwright and DevTools write their HAR; prints what the page saw.
// usage: NODE_PATH=… node browser.cjs CHROMIUM BASE PLAN.json FOLDER
// It says "ready", waits for a line, and then begins.
const fs = require("node:fs");
const { chromium } = require("playwright-core");

const [executablePath, base, plan, folder] = process.argv.slice(2);
const sessions = JSON.parse(fs.readFileSync(plan, "utf8"));
const DEVTOOLS = 9333 + (process.pid % 1000);

// In the page: live one session.
function live({ base, sessions, query, pause }) {
  const wait = (ms) => new Promise((done) => setTimeout(done, ms));
  const bytes = (data) => (typeof data === "string" ? new TextEncoder().encode(data).length : data.byteLength);
  const one = async ({ path, after_s, lasts_s, messages }) => {
    await wait(after_s * 1000);
    const seen = { path, client: "chromium", opened: 0, closed: 0, sent: 0, sent_bytes: 0, received: 0, received_bytes: 0 };
    const socket = new WebSocket(base.replace("http", "ws") + path + query);
    socket.binaryType = "arraybuffer";
    socket.onmessage = ({ data }) => {
      seen.received += 1;
      seen.received_bytes += bytes(data);
    };
    const closed = new Promise((done) => (socket.onclose = done));
    await new Promise((done) => (socket.onopen = done));
    seen.opened = Date.now() / 1000;
    for (const message of messages) {
      const data = typeof message === "string" ? message : new Uint8Array(message.zeros);
      socket.send(data);
      seen.sent += 1;
      seen.sent_bytes += bytes(data);
      await wait(pause * 1000);
    }
    await wait(seen.opened * 1000 + lasts_s * 1000 - Date.now());
    socket.close(1000);
    await closed;
    seen.closed = Date.now() / 1000;
    return seen;
  };
  return Promise.all(sessions.map(one));
}

(async () => {
  const browser = await chromium.launch({
    executablePath,
    headless: true,
    args: ["--no-sandbox", "--disable-gpu", "--disable-background-timer-throttling",
      "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
      `--remote-debugging-port=${DEVTOOLS}`, "--remote-allow-origins=*"],
  });
  const context = await browser.newContext({ recordHar: { path: `${folder}/playwright.har` } });
  const page = await context.newPage();
  await page.goto(base + "/?token=canary-query");
  await page.evaluate(() => (document.cookie = "session=canary-cookie"));
  const tools = await devtools(browser, page).catch((error) => console.error(`no DevTools: ${error}`));
  console.log("ready");
  await new Promise((done) => process.stdin.once("data", done));
  const seen = await page.evaluate(live, { base, sessions, query: "?token=canary-query", pause: 0.1 });
  if (tools) {
    const har = await tools.evaluate(async () => {
      const { Log } = await import("./models/har/har.js");
      const sdk = await import("./models/logs/logs.js");
      const log = await Log.Log.build(sdk.NetworkLog.NetworkLog.instance().requests(), { sanitize: true });
      return JSON.stringify({ log }, null, 1);
    }).catch((error) => console.error(`no HAR of DevTools: ${error}`));
    if (har) fs.writeFileSync(`${folder}/devtools.har`, har);
  }
  await context.close();
  await browser.close();
  console.log(JSON.stringify(seen));
  process.exit(0);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});

// Open the browser's own DevTools on the page, in another tab.
async function devtools(browser, page) {
  const tabs = await (await fetch(`http://127.0.0.1:${DEVTOOLS}/json/list`)).json();
  const { id } = tabs.find((tab) => tab.type === "page" && tab.url === page.url());
  const tools = await (await browser.newContext()).newPage();
  await tools.goto(`http://127.0.0.1:${DEVTOOLS}/devtools/inspector.html?ws=127.0.0.1:${DEVTOOLS}/devtools/page/${id}`);
  await tools.waitForTimeout(1500);
  await page.bringToFront();
  return tools;
}
