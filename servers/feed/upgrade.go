package feed

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// Upgrade is how a subscriber leaves HTTP: it asks for what follows the path in
// another protocol, on the same connection (RFC 9110 §7.8), and returns that
// connection with the head of the server's 101, which is for the caller to
// check. A server that answers anything else is reported as a StatusError. The
// request has the given headers, among them Upgrade.
func Upgrade(ctx context.Context, client *http.Client, url string, header http.Header) (conn io.ReadWriteCloser, answer http.Header, err error) {
	aside(func() { conn, answer, err = upgrade(ctx, client, url, header) })
	return conn, answer, err
}

// aside calls f on a goroutine of its own and waits for it. net/http's deep call chain
// would grow the caller's stack to 8 KB, and no collection would shrink it again while
// the reading that follows needs more than a quarter of that.
func aside(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

func upgrade(ctx context.Context, client *http.Client, url string, header http.Header) (io.ReadWriteCloser, http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, nil, fmt.Errorf("make a request for %s: %w", url, err)
	}
	req.Header = header
	resp, err := client.Do(req)
	if err != nil {
		return nil, nil, err
	}
	if resp.StatusCode != http.StatusSwitchingProtocols {
		defer resp.Body.Close()
		return nil, nil, NewStatusError(resp.StatusCode, resp.Body)
	}
	conn, ok := resp.Body.(io.ReadWriteCloser)
	if !ok { // it has a Timeout, or is no client of net/http's kind
		resp.Body.Close()
		return nil, nil, fmt.Errorf("upgrade %s: the HTTP client hands out a %T, which cannot be written to", req.URL.Path, resp.Body)
	}
	return conn, resp.Header, nil
}
