package feedtest

// CheckBytes checks, at Rest, that what each layer counts for itself adds up to
// what passed the connection. Layers count what they have read when they have
// made out what it is, which is a little later.
func (sub *Subscriber) CheckBytes() {
	sub.server.t.Helper()
	sub.server.CheckBytes(sub)
}

// CheckBytes does so for subscribers, which must be all that the server has had
// if it speaks TLS: what its end sends of that it counts for all together.
func (s *Server) CheckBytes(subs ...*Subscriber) {
	s.t.Helper()
	if s.way.TLS {
		s.checkBytes(subs)
		return
	}
	for _, sub := range subs {
		s.checkBytes([]*Subscriber{sub})
	}
}

func (s *Server) checkBytes(subs []*Subscriber) {
	s.t.Helper()
	var down, up layers
	defer func() {
		if s.t.Failed() {
			s.t.Logf("down %+v\nup   %+v", down, up)
		}
	}()
	until(s.t, "every byte belongs to a layer", func() bool {
		down, up = layers{tls: s.Tally.TLS.Load()}, layers{}
		for _, sub := range subs {
			sub.addLayers(&down, &up)
		}
		return down.rest() == 0 && up.rest() == 0
	})
}

// layers are the bytes of one direction as each layer counts its own.
type layers struct{ socket, tls, headers, framing, compression, events, echoes int64 }

func (l layers) rest() int64 {
	return l.socket - l.tls - l.headers - l.framing - l.compression - l.events - l.echoes
}

func (sub *Subscriber) addLayers(down, up *layers) {
	codec := sub.server.Log.Codec()
	for _, e := range sub.Events() {
		down.events += int64(len(e.Body) + codec.Envelope(len(e.Body)))
	}
	down.socket += sub.Tally.BytesRead.Load()
	down.headers += sub.Headers.Down.Load()
	down.framing += sub.Meter.FramingDown.Load()
	down.compression += sub.Meter.CompressionDown.Load()
	down.echoes += sub.Meter.EchoesDown.Load()
	up.socket += sub.Tally.BytesWritten.Load()
	up.tls += sub.Tally.TLS.Load()
	up.headers += sub.Headers.Up.Load()
	up.framing += sub.Meter.FramingUp.Load()
	up.compression += sub.Meter.CompressionUp.Load()
	up.echoes += sub.Meter.EchoesUp.Load()
}
