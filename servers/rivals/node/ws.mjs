// The feed by the package ws of Node, broadcast as its README has it: a loop over
// server.clients. It is a foreign server: loadgen publishes by POST /ws, and GET
// /ws?since=N upgrades to what follows the N-th event.
//
//	node ws.mjs text|binary ADDRESS

import http from 'node:http';
import { WebSocket, WebSocketServer } from 'ws';

const [encoding, address] = process.argv.slice(2);
const [host, port] = address.split(':');
const binary = encoding === 'binary';
const events = [];

const server = http.createServer((request, response) => {
  if (request.method !== 'POST' || request.url !== '/ws') {
    response.writeHead(404).end();
    return;
  }
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    const event = Buffer.concat(parts);
    events.push(event);
    for (const client of sockets.clients) {
      if (client.readyState === WebSocket.OPEN) client.send(event, { binary });
    }
    response.writeHead(204).end();
  });
});

const sockets = new WebSocketServer({ server, path: '/ws' });
sockets.on('connection', (socket, request) => {
  socket.on('error', () => {}); // which ends the connection, and nothing else
  const since = new URL(request.url, 'http://feed.test').searchParams.get('since');
  if (!/^\d+$/.test(since)) {
    socket.close(1008, 'give since=N: the number of the last event you have, 0 for none');
    return;
  }
  for (const event of events.slice(Number(since))) socket.send(event, { binary });
});

server.listen(Number(port), host, () => console.error(`listening on ${host}:${server.address().port}`));

// It ends when loadgen does, whose end of its input closes.
process.stdin.resume();
process.stdin.on('end', () => process.exit());
