// Package interop holds the servers to clients that others wrote: the ws package
// of Node.js and Chromium. Both talk to every server end over its own port, as a
// user's program or page would, and tell what came of each case; the tests here
// start them and the server.
//
//	testdata/feed.mjs     what both clients do: events, exactly once, and echoes
//	testdata/node.mjs     what only a library can do: fragments, pings, broken messages
//	testdata/browser.mjs  what only a browser does: fetch, EventSource, origins
//
// There are only tests here.
package interop
