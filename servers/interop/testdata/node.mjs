// What only a library can do: send fragments, pings and broken messages.
//
//	node node.mjs URL CODEC

import WebSocket from 'ws';
import { begin, buffers, echo, echoPaths, expect, followCases, post, run, Socket, texts } from './feed.mjs';

const [url, codec] = process.argv.slice(2);
begin(url, codec);

// withOptions is WebSocket as the cases of feed.mjs make it, with options of the
// library's own.
const withOptions = (options) => class extends WebSocket {
  constructor(url, protocols) {
    super(url, protocols, options);
  }
};
const Plain = withOptions({ perMessageDeflate: false });
const Deflate = withOptions({ perMessageDeflate: { threshold: 0 } });
const DeflateAlone = withOptions({ perMessageDeflate: { threshold: 0, clientNoContextTakeover: true, serverNoContextTakeover: true } });
const kinds = { plain: Plain, deflate: Deflate, 'deflate without takeover': DeflateAlone };

// fragments cuts a message, in the middle of a character too, with pings between
// its frames, and awaits its echo and their pongs.
async function fragments(Kind, path, binary) {
  const socket = new Socket(Kind, path);
  await socket.open;
  const pongs = [];
  socket.ws.on('pong', (payload) => pongs.push(String(payload)));
  const message = Buffer.from('中文 🙂 '.repeat(50));
  for (const cuts of [[1], [1, 2, 3, 8], [4, 4, message.length - 1]]) {
    let at = 0;
    for (const [i, cut] of [...cuts, message.length].entries()) {
      socket.ws.send(message.subarray(at, cut), { binary, fin: cut === message.length });
      socket.ws.ping(`between ${i}`);
      at = cut;
    }
    const got = await socket.message();
    expect(typeof got === 'string' ? got : String(Buffer.from(got)), String(message), 'the echo');
    expect(typeof got === 'string', !binary, 'text');
  }
  await socket.close(); // after the pongs
  expect(pongs.join(), [2, 5, 4].flatMap((n) => Array.from({ length: n }, (_, i) => `between ${i}`)).join(), 'the pongs');
}

// pings have to be answered with the same payload, whatever it is.
async function pings(path) {
  const socket = new Socket(Plain, path);
  await socket.open;
  for (const payload of [Buffer.of(), Buffer.of(0xff, 0x00), Buffer.alloc(125, 'x')]) {
    const pong = new Promise((kept) => socket.ws.once('pong', kept));
    socket.ws.ping(payload);
    expect((await pong).toString('hex'), payload.toString('hex'), 'the pong');
  }
  await socket.close();
}

// A client that answers the server's pings stays; one that does not is dropped.
async function pinged(path, answers) {
  const pong = answers ? '10s' : '500ms';
  const socket = new Socket(withOptions({ autoPong: answers }), `${path}?since=0&ping=50ms&pong=${pong}`);
  await socket.open;
  if (answers) {
    for (let i = 0; i < 3; i++) await new Promise((kept) => socket.ws.once('ping', kept));
    await socket.close();
  } else {
    expect((await socket.closed).code, 1006, 'the code that stands for a cut');
  }
}

// Codes that may be sent come back; none comes back as none.
async function closes(path) {
  for (const code of [1000, 1001, 1011, 3000, 4999]) {
    const socket = new Socket(Plain, path);
    await socket.open;
    await socket.close(code);
  }
  const socket = new Socket(Plain, path);
  await socket.open;
  socket.ws.close();
  expect((await socket.closed).code, 1005, 'the code that stands for none');
}

// refuses sends what the server has to close the connection for.
async function refuses(Kind, path, message, options, code) {
  const socket = new Socket(Kind, path);
  await socket.open;
  socket.ws.send(message, options);
  const e = await socket.closed;
  expect(e.code, code, `the code, with the reason ${e.reason},`);
}

// A request that cannot be served is refused before the upgrade.
async function refused(path, status) {
  const ws = new Plain(url.replace('http', 'ws') + path);
  ws.on('error', () => {}); // of the handshake
  const response = await new Promise((kept) => ws.on('unexpected-response', (_, response) => kept(response)));
  expect(response.statusCode, status, 'the status');
  response.destroy();
}

// The end of the feed closes every subscription, and says so.
async function endOfFeed() {
  const sockets = ['/ws', '/wsbare'].map((path) => new Socket(Deflate, `${path}?since=0&compress=takeover`));
  for (const socket of sockets) await socket.open;
  await post('/end');
  for (const socket of sockets) {
    const e = await socket.closed;
    expect(e.code, 1001, 'the code');
    expect(e.reason, 'the feed has ended', 'the reason');
    expect(e.wasClean, true, 'clean');
  }
}

const text = { binary: false };
const mark = codec === 'text' ? '>' : Buffer.of(0xff);
const uplink = { binary: codec !== 'text' };

await run([
  ...Object.entries(kinds).flatMap(([kind, Kind]) => [
    ...followCases(Kind, Kind !== Plain),
    ...echoPaths.flatMap((path) => [
      [`${path} text`, () => echo(Kind, path, texts)],
      [`${path} buffers`, () => echo(Kind, path, buffers)],
      [`${path} fragments of text`, () => fragments(Kind, path, false)],
      [`${path} fragments of binary`, () => fragments(Kind, path, true)],
      [`${path} not UTF-8`, () => refuses(Kind, path, Buffer.of(0x61, 0xff), text, 1007)],
      [`${path} too long`, () => refuses(Kind, path, Buffer.alloc((16 << 20) + 1), {}, 1009)],
    ]),
  ].map(([name, test]) => [`${kind}: ${name}`, test])),
  ...['/ws', '/wsbare'].flatMap((path) => [
    [`${path} pings`, () => pings(`${path}?since=0`)],
    [`${path} answers pings`, () => pinged(path, true)],
    [`${path} answers no pings`, () => pinged(path, false)],
    [`${path} closes`, () => closes(`${path}?since=0`)],
    [`${path} no uplink message`, () => refuses(Plain, `${path}?since=0`, 'hello', uplink, 1008)],
    [`${path} long uplink message`, () => refuses(Plain, `${path}?since=0`, Buffer.concat([Buffer.from(mark), Buffer.alloc(1 << 20, 'x')]), uplink, 1009)],
    [`${path} cursor beyond the feed`, () => refused(`${path}?since=99999`, 400)],
    [`${path} unknown knob`, () => refused(`${path}?since=0&colour=red`, 400)],
  ]),
  ...echoPaths.flatMap((path) => [
    [`${path} pings`, () => pings(path)],
    [`${path} closes`, () => closes(path)],
  ]),
  ['the end of the feed', endOfFeed],
]);
