package wire_test
import ("testing";"net";"time";"context";"runtime";"runtime/pprof";"os";"crypto/tls"
 "pushbench/servers/wire";"pushbench/servers/all";"pushbench/servers/feed";"runtime/debug")
func TestZZ(t *testing.T){
 for _, v := range []struct{n, tr, a string; h2 bool}{{"clear","raw","18080",false},{"tls","raw","18443",false},{"longpoll","longpoll?hold=1h","18080",false},{"longpoll tls","longpoll?hold=1h","18443",false},{"longpoll h2","longpoll?hold=1h","18080",true},{"longpoll h2 tls","longpoll?hold=1h","18443",true}} {
  var before, after runtime.MemStats
  spec,_ := all.Parse(v.tr)
  tally, heads, socks, meter := new(wire.Tally), new(wire.Headers), new(wire.Sockets), new(feed.Meter)
  ctx, cancel := context.WithCancel(t.Context())
  clock := feed.NewClock(); tl := feed.NewTimeline(clock)
  var cfg *tls.Config
  if v.a=="18443" { cfg = &tls.Config{InsecureSkipVerify:true, ServerName: wire.Host, MinVersion: tls.VersionTLS13, DynamicRecordSizingDisabled:true} }
  prof,_ := wire.ParseProfile("minimal")
  done := make(chan error, 3000)
  start := func(n int){ for range n { c := wire.Client{Dial: func(ctx context.Context)(net.Conn,error){ var d net.Dialer; return d.DialContext(ctx,"tcp","127.0.0.1:"+v.a)}, TLS: cfg, HTTP2: v.h2, Profile: prof, Tally: tally, Headers: heads, Sockets: socks}
   go func(){ done <- spec.Transport.Subscribe(ctx, c.HTTP(), wire.URL, feed.Subscription{Options: spec.Options, Codec: feed.Text, Clock: clock, Timeline: tl, Meter: meter, Emit: func(feed.Event){}})}(); time.Sleep(2*time.Millisecond)}; time.Sleep(1500*time.Millisecond) }
  start(200)
  debug.FreeOSMemory(); runtime.ReadMemStats(&before)
  start(800)
  debug.FreeOSMemory(); runtime.ReadMemStats(&after)
  t.Logf("%s: heap %d B, stack %d B per client", v.n, (int64(after.HeapAlloc)-int64(before.HeapAlloc))/800, (int64(after.StackInuse)-int64(before.StackInuse))/800)
  if f, err := os.Create("/tmp/wirework/heap-"+v.n); err==nil { pprof.Lookup("heap").WriteTo(f,0); f.Close() }
  cancel(); for range 1000 { if err := <-done; err != nil { t.Log(err); break } }
 }
}
