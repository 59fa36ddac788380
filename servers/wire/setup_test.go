package wire

import (
	"io"
	"net"
	"net/http"
	"runtime"
	"testing"
)

// What it takes to set a connection up, over each version of HTTP, in clear and
// under TLS: a round trip for TCP, one for TLS 1.3 (RFC 8446 §2) and one for the
// request.
func TestSetup(t *testing.T) {
	for name, c := range map[string]struct {
		tls, version2 bool
		turns         int64
	}{
		"HTTP 1.1":          {false, false, 2},
		"HTTP 1.1 over TLS": {true, false, 3},
		"HTTP 2":            {false, true, 2},
		"HTTP 2 over TLS":   {true, true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			config := serverConfig(t)
			if !c.tls {
				config = nil
			}
			s := serve(t, config, hello)
			client := s.client(t)
			client.HTTP2 = c.version2
			if c.tls {
				client.TLS = clientConfig(t)
			}
			var made []Setup
			client.Ready = func(s Setup) { made = append(made, s) }
			for range 2 {
				mustAsk(t, client)
			}
			if len(made) != 1 {
				t.Fatalf("two requests on one connection set it up %d times", len(made))
			}
			got, sent := made[0], s.tally.Counts()
			if got.Turns != c.turns || got.Resumed {
				t.Errorf("%d round trips, resumed %v; not %d, false", got.Turns, got.Resumed, c.turns)
			}
			if !(0 < got.TCP && got.TCP <= got.Took) || c.tls && !(got.TCP < got.TLS && got.TLS <= got.Took) || !c.tls && got.TLS != 0 {
				t.Errorf("it took %v: TCP %v, TLS %v", got.Took, got.TCP, got.TLS)
			}
			// All but the second request passed until then, and all but the first
			// body came, beside the server's handshake.
			if got.Up <= 0 || got.Up >= client.Tally.BytesWritten.Load() || got.Up <= got.TLSUp {
				t.Errorf("up it took %d bytes, %d of them TLS, of %d in all", got.Up, got.TLSUp, client.Tally.BytesWritten.Load())
			}
			if got.Down <= 0 || got.Down >= sent.BytesWritten-sent.Handshakes || got.Down <= got.TLSDown {
				t.Errorf("down it took %d bytes, %d of them TLS, of %d in all", got.Down, got.TLSDown, sent.BytesWritten)
			}
			if !c.tls && (got.TLSUp != 0 || got.TLSDown != 0) || c.tls && (got.TLSUp <= client.Tally.Handshakes.Load() || got.TLSDown%recordOverhead != 0 || got.TLSDown == 0) {
				t.Errorf("TLS took %d bytes up and %d down", got.TLSUp, got.TLSDown)
			}
			if !c.version2 {
				head := (client.Headers.Up.Load() + client.Headers.Down.Load()) / 2 // both exchanges are alike
				if sum := got.Up - got.TLSUp + got.Down - got.TLSDown; sum != head {
					t.Errorf("beside TLS it took %d bytes, where the first heads have %d", sum, head)
				}
			}
			if runtime.GOOS == "linux" {
				k, most := got.Kernel, got.Up
				if c.version2 {
					most = client.Tally.BytesWritten.Load() // the answer to the server's settings may go out between the readings
				}
				up := k.BytesSent - k.Retransmitted
				if k.Opened != 1 || up < got.Up || up > most || k.SegmentsOut < got.Turns || k.SegmentsIn < got.Turns ||
					k.BytesReceived < got.Down || k.SegmentsOut > 30 || k.SegmentsIn > 30 {
					t.Errorf("the kernel counts %+v of %d bytes up and %d and more down", k, got.Up, got.Down)
				}
			}
		})
	}
}

// An upgrade's set-up ends with its answer's head, whatever comes along with it.
func TestSetupOfUpgrade(t *testing.T) {
	s := serve(t, serverConfig(t), func(w http.ResponseWriter, _ *http.Request) {
		conn, _, err := w.(http.Hijacker).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		io.WriteString(conn, switching+"a first frame")
		io.Copy(io.Discard, conn)
		conn.Close()
	})
	client := s.client(t)
	client.TLS = clientConfig(t)
	var made Setup
	client.Ready = func(s Setup) { made = s }
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, URL+"/", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Connection", "Upgrade")
	req.Header.Set("Upgrade", "echo")
	resp, err := client.HTTP().Do(req)
	if err != nil {
		t.Fatal(err)
	}
	conn := resp.Body.(net.Conn)
	defer conn.Close()
	if made.Turns != 3 || made.Down != int64(len(switching))+recordOverhead || made.TLSDown != recordOverhead {
		t.Errorf("set up with %+v, not with a head of %d bytes in one record", made, len(switching))
	}
	got := make([]byte, len("a first frame"))
	if _, err := io.ReadFull(conn, got); err != nil || string(got) != "a first frame" {
		t.Errorf("then came %q, %v", got, err)
	}
}
