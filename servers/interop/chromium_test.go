package interop

import (
	"context"
	"os"
	"os/exec"
	"testing"
	"time"

	"pushbench/servers/feed"
	"pushbench/servers/test/need"
)

// A browser's page, on the servers' own port, with every way that a page has to
// get the feed.
func TestChromium(t *testing.T) {
	browser := chromium(t)
	for _, codec := range []feed.Codec{feed.Text, feed.Binary} {
		t.Run(string(codec), func(t *testing.T) {
			s := serve(t, codec)
			profile, err := os.MkdirTemp("", "interop-chromium-")
			if err != nil {
				t.Fatal(err)
			}
			defer os.RemoveAll(profile) // what a child of the browser's still writes would fail t.TempDir
			s.run(t, func(ctx context.Context) *exec.Cmd {
				cmd := exec.CommandContext(ctx, browser,
					"--headless", "--disable-gpu", "--no-proxy-server", "--user-data-dir="+profile,
					"--no-sandbox",            // which root may not have; the page is our own
					"--disable-dev-shm-usage", // which is small in containers
					"--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync",
					s.URL+"/page/page.html?codec="+string(codec))
				cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) } // it ends its children
				cmd.WaitDelay = 10 * time.Second
				return cmd
			})
		})
	}
}

func chromium(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome-stable", "google-chrome"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	need.That(t, false, "Chromium (on Debian: apt-get install chromium)")
	return ""
}
