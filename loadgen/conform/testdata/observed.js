// What was observed of the article's server, on the http module of Node that it
// stands on: what that module decides before such code runs shows in the table.
const http = require('http');
const { createHash } = require('crypto');

const server = http.createServer((request, response) => response.end('a page\n'));
server.on('upgrade', (request, socket) => {
  socket.on('error', () => socket.destroy());
  if (request.headers.upgrade !== 'websocket') {
    socket.end('HTTP/1.1 400 Bad Request');
    return;
  }
  const accept = createHash('sha1')
    .update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11')
    .digest('base64');
  socket.write([
    'HTTP/1.1 101 Web Socket Protocol Handshake', 'Upgrade: websocket', 'Connection: Upgrade',
    `Sec-WebSocket-Accept: ${accept}`, '', ''].join('\r\n'));
});
server.listen(0, '127.0.0.1', () => console.log(server.address().port));
process.stdin.resume().on('end', () => process.exit());
