// What a page can do.

import { begin, buffers, echo, echoPaths, expect, Feed, followCases, get, newest, post, publish, run, Socket, texts } from './feed.mjs';

const codec = new URLSearchParams(location.search).get('codec');
begin(location.origin, codec);

// poll asks again and again for what follows the last event.
async function poll(path) {
  const feed = new Feed();
  const ask = async (newest) => {
    while (feed.last < newest) {
      const response = await fetch(`${path}?since=${feed.last}`);
      if (response.status === 204) continue;
      expect(response.status, 200, 'the status');
      feed.takeWhole(new Uint8Array(await response.arrayBuffer()));
      await feed.until(0); // unless it has failed
    }
  };
  await ask(await newest());
  for (let i = 0; i < 3; i++) {
    const waiting = ask(feed.last + 5); // which a long poll does at the server
    await publish(5);
    await waiting;
  }
  const message = codec === 'text' ? '>中文 🙂' : '\u00ff binary or not';
  expect(await post(path, message), message, 'what was posted');
}

// stream reads a response that does not end.
async function stream(knobs) {
  const feed = new Feed();
  const abort = new AbortController();
  const response = await fetch(`/stream?since=0${knobs}`, { signal: abort.signal });
  expect(response.status, 200, 'the status');
  const reader = response.body.getReader();
  const reading = (async () => {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) throw new Error('the stream has ended');
      feed.take(value);
    }
  })().catch((e) => feed.fail(e));
  await feed.until(await newest());
  for (let i = 0; i < 3; i++) await feed.until(await publish(5));
  abort.abort();
  await reading;
}

// events follows an EventSource, which is cut off and resumes by itself.
async function events(knobs) {
  const feed = new Feed();
  const source = new EventSource(`/sse?since=0${knobs}`);
  source.onmessage = ({ lastEventId, data }) => {
    try {
      expect(/^\d{19}$/.test(lastEventId), true, `a cursor in the id ${lastEventId}`);
      const fields = /^\d{19} \d{19} (.*)$/.exec(data);
      feed.event(Number(lastEventId), new TextEncoder().encode(fields[1]));
    } catch (e) {
      feed.fail(e);
    }
  };
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) feed.fail(new Error('it gave up'));
  };
  await feed.until(await newest());
  await feed.until(await publish(5));
  const cursor = String(feed.last).padStart(19, '0');
  expect(await post('/cut'), '1', 'the number of connections cut');
  await feed.until(await publish(5)); // while it is away, or soon after
  expect(JSON.parse(await get('/resumed')).at(-1), cursor, 'the Last-Event-ID');
  await feed.until(await publish(5));
  source.close();
}

// A page of another origin is refused by the server, whoever the user is.
async function otherOrigin() {
  const elsewhere = location.origin.replace('127.0.0.1', 'localhost').replace('http', 'ws');
  const ws = new WebSocket(`${elsewhere}/ws?since=0`);
  await new Promise((kept, broken) => {
    ws.onopen = () => broken(new Error('it was let in'));
    ws.onclose = kept;
  });
}

// Blobs come back as blobs, if that is how the page wants its binary messages.
async function blobs(path) {
  const socket = new Socket(WebSocket, path);
  socket.ws.binaryType = 'blob';
  await socket.open;
  const came = new Promise((kept) => { socket.ws.onmessage = (e) => kept(e.data); });
  socket.ws.send(new Blob(['中文', new Uint8Array([0, 255])]));
  const blob = await came;
  expect(blob instanceof Blob, true, 'a blob');
  expect(String(new Uint8Array(await blob.arrayBuffer())), String([...new TextEncoder().encode('中文'), 0, 255]), 'the blob');
  await socket.close();
}

await run([
  ['poll', () => poll('/poll')],
  ['long poll', () => poll('/longpoll')],
  ['stream', () => stream('')],
  ['stream batched', () => stream('&batch=on')],
  ...(codec === 'text' ? [
    ['stream with heartbeats', () => stream('&heartbeat=20ms')],
    ['EventSource', () => events('')],
    ['EventSource with heartbeats', () => events('&batch=on&heartbeat=20ms')],
  ] : []),
  ...followCases(WebSocket, true),
  ['another origin', otherOrigin],
  ...echoPaths.flatMap((path) => [
    [`${path} text`, () => echo(WebSocket, path, texts)],
    [`${path} buffers`, () => echo(WebSocket, path, buffers)],
    [`${path} blobs`, () => echo(WebSocket, path, [new Blob([]), new Blob(texts), new Blob(buffers)])],
    [`${path} as blobs`, () => blobs(path)],
  ]),
]);
