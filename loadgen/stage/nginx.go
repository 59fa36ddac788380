package stage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// Nginx is what most people have before their server, and may be one itself: its worker
// answers polls with a file, which is how a state that changes is polled from it. With
// the module nchan (github.com/slact/nchan) it also pushes.

// newNginx is nginx by itself. The file is the newest event: each is PUT in the place of
// the one before.
//
// The entity tag by which a client finds out whether the file has changed is of its
// size and its time, in seconds (ngx_http_set_etag). So its time is the event's number.
func newNginx(m Means) Server {
	return &foreign{
		Means: m, program: []string{m.Loadgen, "nginx", "file"},
		address: feed.Address{Base: wire.URL, Path: "/latest", Cursor: "since"},
		post: func(seq uint64) (method, path string, header http.Header) {
			return http.MethodPut, "/latest", http.Header{"Date": {time.Unix(int64(seq), 0).UTC().Format(http.TimeFormat)}}
		},
	}
}

// newNchan is nginx with nchan, which has a channel for the feed. Its long poll takes
// only cursors of its own, by time. So there each event has a channel that is called as
// the cursor before it, and a request for what follows a cursor waits on that.
func newNchan(m Means) Server {
	name, _, _ := strings.Cut(m.Treatment.Transport, "?")
	return &foreign{
		Means: m, program: []string{m.Loadgen, "nginx", "nchan"},
		address: feed.Address{Base: wire.URL, Path: "/" + name, Cursor: "since"},
		post: func(seq uint64) (method, path string, header http.Header) {
			channel := "feed"
			if name == "longpoll" {
				channel = string(feed.AppendNumber(nil, int64(seq-1)))
			}
			return http.MethodPost, "/publish?channel=" + channel, nil
		},
	}
}

// nginxServer and nchanServer are what a host has that has them.
var (
	nginxServer = making{what: "the server nginx", lacks: func() error { _, err := findNginx(); return err }, versions: nginxVersion}
	nchanServer = making{what: "the server nchan", lacks: func() error { _, err := findNchan(); return err }, versions: nginxVersion}
)

func nginxVersion(ctx context.Context, _ string, to map[string]string) {
	path, err := findNginx()
	if err != nil {
		return
	}
	out, _ := exec.CommandContext(ctx, path, "-v").CombinedOutput() // nginx version: nginx/1.22.1
	if _, version, ok := strings.Cut(strings.TrimSpace(string(out)), "nginx/"); ok {
		to["nginx"] = version
	}
}

// findNginx is the program, which may be where only root's PATH leads.
func findNginx() (string, error) {
	for _, name := range []string{"nginx", "/usr/sbin/nginx", "/usr/local/sbin/nginx"} {
		if path, err := exec.LookPath(name); err == nil {
			return path, nil
		}
	}
	return "", errors.New("the program nginx, which is not there")
}

// findNchan is the module's file.
func findNchan() (string, error) {
	if _, err := findNginx(); err != nil {
		return "", err
	}
	for _, dir := range []string{"/usr/lib/nginx/modules", "/usr/lib64/nginx/modules", "/usr/local/lib/nginx/modules", "/etc/nginx/modules"} {
		path := filepath.Join(dir, "ngx_nchan_module.so")
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", errors.New("the module nchan of nginx (Debian's package libnginx-mod-nchan), which is not there")
}

// configuration is nginx's, in a folder of its own; what follows %[n]s is filled in.
// Where it says nothing of a thing it is as nginx has it, or as Debian has.
const configuration = `%[1]s
daemon off;
worker_processes 1;
worker_rlimit_nofile %[2]d;
pid "%[3]s/pid";
error_log stderr warn;
events { worker_connections %[2]d; }
http {
	access_log off;
	sendfile on;
	tcp_nopush on;
	keepalive_timeout 2h;
	keepalive_requests 1000000000;
	client_max_body_size 128m;
	client_body_temp_path "%[3]s/body";
	proxy_temp_path "%[3]s/proxy";
	fastcgi_temp_path "%[3]s/fastcgi";
	uwsgi_temp_path "%[3]s/uwsgi";
	scgi_temp_path "%[3]s/scgi";
	default_type text/plain;
	server {
		listen %[4]s;
		%[5]s
	}
}
`

// locations are what the server has, by what it is to serve from.
var locations = map[string]string{
	"file": `location = /latest {
			root "%s/files";
			dav_methods PUT;
		}`,
	"nchan": `nchan_message_buffer_length 1000000;
		nchan_message_timeout 0;
		nchan_subscriber_first_message oldest;
		nchan_subscriber_timeout 0;
		location = /publish {
			nchan_publisher;
			nchan_channel_id $arg_channel;
		}
		location = /longpoll {
			nchan_subscriber longpoll;
			nchan_channel_id $arg_since;
		}
		location = /stream {
			nchan_subscriber http-raw-stream;
			nchan_subscriber_http_raw_stream_separator "";
			nchan_channel_id feed;
		}
		location = /ws {
			nchan_subscriber websocket;
			nchan_channel_id feed;
		}`,
}

// mostConnections are those that the worker can have, and as many files.
const mostConnections = 20_000

// Nginx is a foreign server's process, `loadgen nginx file|nchan ADDRESS`, until in ends:
// it starts nginx, and says where that listens and which process the worker is.
func Nginx(ctx context.Context, args []string, in io.Reader, log io.Writer) (err error) {
	if len(args) != 2 || locations[args[0]] == "" {
		return fmt.Errorf("nginx takes file or nchan, and the address to listen on, got %q", args)
	}
	path, err := findNginx()
	if err != nil {
		return fmt.Errorf("nginx: it takes %w", err)
	}
	module := ""
	if args[0] == "nchan" {
		file, err := findNchan()
		if err != nil {
			return fmt.Errorf("nginx: it takes %w", err)
		}
		module = fmt.Sprintf("load_module %q;", file)
	}
	if os.Geteuid() == 0 {
		module += " user root;" // who may write to the folder
	}
	dir, err := os.MkdirTemp("", "pushbench-nginx-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	addr, err := free(ctx, args[1])
	if err != nil {
		return err
	}
	where := locations[args[0]]
	if strings.Contains(where, "%s") {
		where = fmt.Sprintf(where, dir)
	}
	file := filepath.Join(dir, "nginx.conf")
	if err := cmp.Or(
		os.Mkdir(filepath.Join(dir, "files"), 0o700),
		os.WriteFile(file, fmt.Appendf(nil, configuration, module, mostConnections, dir, addr, where), 0o600),
	); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, path, "-p", dir, "-c", file)
	cmd.Stderr = log
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	if err := cmd.Start(); err != nil {
		return err
	}
	defer func() {
		cmd.Process.Signal(syscall.SIGTERM)
		err = errors.Join(err, cmd.Wait())
	}()
	pid, err := worker(ctx, cmd.Process.Pid, addr)
	if err != nil {
		return err
	}
	fmt.Fprintf(log, "%s%s as %d\n", listening, addr, pid)
	io.Copy(io.Discard, in)
	return nil
}

// free is an address with a port in place of 0 that nobody has: nginx does not say
// which it was given.
func free(ctx context.Context, addr string) (string, error) {
	var lc net.ListenConfig
	l, err := lc.Listen(ctx, "tcp", addr)
	if err != nil {
		return "", err
	}
	defer l.Close()
	return l.Addr().String(), nil
}

// startTime is for nginx to listen.
const startTime = 10 * time.Second

// worker waits until nginx listens, and returns the process of its worker; where the host
// does not tell, that of nginx itself.
func worker(ctx context.Context, pid int, addr string) (int, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, startTime, errors.New("nginx: it does not listen"))
	defer cancel()
	for {
		var d net.Dialer
		if c, err := d.DialContext(ctx, "tcp", addr); err == nil {
			c.Close()
			children, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", pid))
			if first := strings.Fields(string(children)); len(first) > 0 {
				return strconv.Atoi(first[0])
			}
			if err != nil {
				return pid, nil
			}
		}
		select {
		case <-ctx.Done():
			return 0, context.Cause(ctx)
		case <-time.After(time.Millisecond):
		}
	}
}
