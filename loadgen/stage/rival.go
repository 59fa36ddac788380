package stage

import (
	"encoding/json"
	"path/filepath"

	"pushbench/servers/feed"
	"pushbench/servers/wire"
)

// rival is a server on somebody else's library, of the module servers/rivals. It
// publishes its feed itself and is asked as ours is. It counts nothing, so that nothing
// of ours stands between the library and its sockets.
type rival struct {
	ours
	name string
}

func newRival(name string) Kind {
	return Kind{Takes: &rivalsProgram, New: func(m Means) Server { return &rival{ours{Means: m}, name} }}
}

// Start implements Stage.
func (s *rival) Start(at Place) error {
	source, err := json.Marshal(s.source())
	if err != nil {
		return err
	}
	s.party, err = at.Start(s.Name, s.CPUs, filepath.Join(s.Rivals, rivalsName), s.name, at.Listen(), string(source))
	return err
}

// newNode is the package ws of Node, which is published to.
func newNode(m Means) Server {
	return &foreign{
		Means:   m,
		program: []string{"node", filepath.Join(m.Rivals, "node", "ws.mjs"), m.Treatment.Encoding},
		address: feed.Address{Base: wire.URL, Path: "/ws", Cursor: "since"},
	}
}
