package interop

import (
	"context"
	"os"
	"os/exec"
	"testing"

	"pushbench/servers/feed"
	"pushbench/servers/test/need"
)

// Node's ws, the most used WebSocket library outside of browsers, with and
// without permessage-deflate.
func TestNode(t *testing.T) {
	dir := nodeClient(t)
	for _, codec := range []feed.Codec{feed.Text, feed.Binary} {
		t.Run(string(codec), func(t *testing.T) {
			s := serve(t, codec)
			s.run(t, func(ctx context.Context) *exec.Cmd {
				cmd := exec.CommandContext(ctx, "node", "node.mjs", s.URL, string(codec))
				cmd.Dir = dir
				return cmd
			})
		})
	}
}

// nodeClient is a folder with the client and all that it needs: the package is
// installed beside a copy of the scripts, in the version that the lock names.
func nodeClient(t *testing.T) string {
	t.Helper()
	for _, program := range []string{"node", "npm"} {
		_, err := exec.LookPath(program)
		need.That(t, err == nil, "Node.js with npm, and "+program+" is not there")
	}
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	npm := exec.CommandContext(ctx, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline")
	npm.Dir = dir
	out, err := npm.CombinedOutput()
	need.That(t, err == nil, "the npm package ws, which npm ci could not install:\n"+string(out))
	return dir
}
