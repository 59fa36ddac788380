// What both clients do: follow the feed over a WebSocket and have messages
// echoed. A client lists cases, [name, what to do], and runs them.

let base, codec;

// begin says where the servers are, and how their events are encoded.
export function begin(url, encoding) {
  [base, codec] = [url, encoding];
}

// run runs the cases one after the other and tells what came of each.
export async function run(cases) {
  for (const [name, test] of cases) {
    let error = '';
    try {
      await within(20_000, test());
    } catch (e) {
      error = String(e.stack ?? e);
    }
    await post('/outcome', JSON.stringify({ name, error }));
  }
  await post('/over');
}

// within fails unless the promise is kept in time.
export async function within(ms, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`it took more than ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export function expect(got, want, what) {
  if (got !== want) throw new Error(`${what} is ${JSON.stringify(got)}, not ${JSON.stringify(want)}`);
}

export async function get(path) {
  return (await fetch(base + path)).text();
}

export async function post(path, body) {
  return (await fetch(base + path, { method: 'POST', body })).text();
}

// newest and publish return the number of the feed's newest event.
export const newest = async () => Number(await get('/newest'));
export const publish = async (n) => Number(await post(`/publish?n=${n}`));

const utf8 = new TextEncoder();

// bodyOf is the body that the server gives to an event.
function bodyOf(seq) {
  const text = utf8.encode(`event ${seq}: 中文 🙂`);
  return codec === 'text' ? text : join(text, Uint8Array.of(0xff, 0x00, 0x0a));
}

function join(a, b) {
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

function equal(a, b) {
  return a.length === b.length && a.every((x, i) => x === b[i]);
}

// Feed takes the feed's events, however they are cut up, and fails at the first
// that is missing, comes twice or has another body than it was given.
export class Feed {
  last = 0;
  #rest = new Uint8Array();
  #failed;
  #awaited = [];

  // take takes bytes of the feed.
  take(bytes) {
    this.#rest = join(this.#rest, bytes);
    try {
      while (this.#next());
    } catch (e) {
      this.fail(e);
    }
  }

  // takeWhole takes bytes that end where an event does.
  takeWhole(bytes) {
    this.take(bytes);
    if (this.#rest.length > 0) this.fail(new Error(`${this.#rest.length} bytes of an event that is cut short`));
  }

  // event takes an event that something else has decoded.
  event(seq, body) {
    if (seq !== this.last + 1) throw new Error(`event ${seq} came after event ${this.last}`);
    if (!equal(body, bodyOf(seq))) throw new Error(`event ${seq} has another body than it was given`);
    this.last = seq;
    this.#awaited = this.#awaited.filter(({ until, kept }) => seq < until || kept());
  }

  // until waits for event seq.
  until(seq) {
    return new Promise((kept, broken) => {
      if (this.#failed) broken(this.#failed);
      else if (this.last >= seq) kept();
      else this.#awaited.push({ until: seq, kept, broken });
    });
  }

  fail(error) {
    this.#failed ??= error;
    for (const { broken } of this.#awaited) broken(this.#failed);
  }

  // next takes the next event, if all of it is there.
  #next() {
    const [size, seq, body] = codec === 'text' ? nextText(this.#rest) : nextBinary(this.#rest);
    if (size === 0) return false;
    this.#rest = this.#rest.slice(size);
    if (body) this.event(seq, body);
    return true;
  }
}

function nextText(bytes) {
  const end = bytes.indexOf(0x0a);
  if (end <= 0) return [end + 1]; // not all there, or a blank line, which is a heartbeat
  const line = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, end));
  const fields = /^(\d{19}) \d{19} \d{19} (.*)$/.exec(line);
  if (!fields) throw new Error(`${JSON.stringify(line)} is no event`);
  return [end + 1, Number(fields[1]), utf8.encode(fields[2])];
}

function nextBinary(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 32) return [0];
  const size = 32 + Number(view.getBigUint64(24));
  if (bytes.length < size) return [0];
  return [size, Number(view.getBigUint64(0)), bytes.subarray(32, size)];
}

// Socket is a WebSocket whose messages are awaited in turn. Text comes as a
// string, binary as a Uint8Array.
export class Socket {
  #came = [];
  #awaited = [];

  constructor(WebSocket, path, protocols = []) {
    this.ws = new WebSocket(base.replace('http', 'ws') + path, protocols);
    this.ws.binaryType = 'arraybuffer';
    this.ws.onmessage = ({ data }) => this.#give(typeof data === 'string' ? data : new Uint8Array(data));
    this.closed = new Promise((kept) => {
      this.ws.onclose = (e) => {
        kept(e);
        this.#give(new Error(`it was closed with ${e.code} ${e.reason}`));
      };
    });
    this.open = new Promise((kept, broken) => {
      this.ws.onopen = kept;
      this.ws.onerror = (e) => broken(new Error(`it failed: ${e.message}`));
    });
    this.open.catch(() => {}); // for cases that wait for something else
  }

  #give(message) {
    if (this.#awaited.length > 0) this.#awaited.shift()(message);
    else this.#came.push(message);
  }

  // message is the next one, or an Error where the connection is closed.
  message() {
    return new Promise((kept) => {
      if (this.#came.length > 0) kept(this.#came.shift());
      else this.#awaited.push(kept);
    });
  }

  // close closes with a code of an application's own, which has to come back.
  async close(code = 4321) {
    this.ws.close(code, 'bye');
    const e = await this.closed;
    expect(e.code, code, 'the code that closed it');
    expect(e.wasClean, true, 'clean');
  }
}

// follow subscribes over a WebSocket, gets what was and what is being published,
// and has messages of its own echoed meanwhile.
async function follow(WebSocket, path, knobs, protocols, check) {
  const socket = new Socket(WebSocket, `${path}?since=0${knobs && '&' + knobs}`, protocols);
  const feed = new Feed();
  let echoed;
  const own = codec === 'text' ? (m) => typeof m === 'string' && m.startsWith('>') : (m) => m[0] === 0xff;
  const reading = (async () => {
    for (;;) {
      const message = await socket.message();
      if (message instanceof Error) return feed.fail(message);
      if (own(message)) echoed(message);
      else if (typeof message === 'string' !== (codec === 'text')) feed.fail(new Error(`a message came as ${typeof message}`));
      else feed.takeWhole(typeof message === 'string' ? utf8.encode(message) : message);
    }
  })();
  await socket.open;
  check(socket.ws);
  await feed.until(await newest());
  for (let i = 0; i < 3; i++) {
    const message = codec === 'text' ? `>${i} 中文 🙂` : Uint8Array.of(0xff, i, 0x80);
    const echo = new Promise((kept) => { echoed = kept; });
    socket.ws.send(message);
    await feed.until(await publish(5));
    expect(String(await echo), String(message), 'the echo');
  }
  await socket.close();
  await reading;
}

// followCases follow the feed with each knob of each server. A client that
// compresses offers to, and the server agrees where its knob says so.
export function followCases(WebSocket, compresses) {
  const cases = [];
  for (const path of ['/ws', '/wsbare']) {
    for (const knobs of ['', 'batch=on', 'batch=10ms', 'compress=no-takeover', 'compress=takeover',
      'compress=takeover&batch=on&threshold=300B', 'ping=10ms', 'subprotocol=feed.v1']) {
      const protocols = knobs.startsWith('subprotocol') ? ['chat', 'feed.v1'] : [];
      cases.push([`${path} ${knobs}`, () => follow(WebSocket, path, knobs, protocols, (ws) => {
        expect(ws.protocol, protocols.at(-1) ?? '', 'the subprotocol');
        expect(/permessage-deflate/.test(ws.extensions), compresses && knobs.startsWith('compress'), 'compression');
      })]);
    }
  }
  return cases;
}

export const echoPaths = ['/echo', '/echo?end=ws'];

// echo has messages echoed: strings as text; buffers and blobs as binary.
export async function echo(WebSocket, path, messages) {
  const socket = new Socket(WebSocket, path);
  await socket.open;
  for (const message of messages) {
    socket.ws.send(message);
    const got = await socket.message();
    if (typeof message === 'string') {
      if (got !== message) throw new Error(`text of ${message.length} characters came back as ${typeof got} of ${got.length}: ${String(got).slice(0, 80)}`);
    } else {
      const sent = new Uint8Array(message instanceof ArrayBuffer ? message : await message.arrayBuffer());
      if (!(got instanceof Uint8Array) || !equal(got, sent)) throw new Error(`${sent.length} bytes came back as ${typeof got} of ${got.length}: ${String(got).slice(0, 80)}`);
    }
  }
  await socket.close();
}

// texts and buffers have every length of header, and characters of every length.
export const texts = ['', 'hello', '中文', '🙂', '👩‍👩‍👧‍👦 ξ', 'x'.repeat(125), 'x'.repeat(126), '中'.repeat(21_845), '🙂'.repeat(16_384), 'x'.repeat(1 << 20)];
export const buffers = [0, 1, 125, 126, 65_535, 65_536, 1 << 20].map((n) => Uint8Array.from({ length: n }, (_, i) => (i * 7) & 0xff).buffer);
