package feed

import "strings"

// Address is where a server has a feed for the client end of one transport, and
// how it is asked there for what follows a cursor. A server of somebody else has
// another one than ours, and the same client end.
type Address struct {
	Base   string `json:"base"`            // scheme and host, without a path
	Path   string `json:"path"`            // begins with /
	Query  string `json:"query,omitempty"` // what each request says behind its cursor, without & before it
	Cursor string `json:"cursor"`          // the parameter that has the cursor
}

// Address is where our own server has the feed, with the knobs that it has to
// know; latest asks for the newest event only.
func (s Spec) Address(base string, latest bool) *Address {
	query := s.Options.ServerQuery()
	if latest {
		query = "&want=latest" + query
	}
	return &Address{Base: base, Path: "/" + s.Transport.Name, Query: strings.TrimPrefix(query, "&"), Cursor: "since"}
}

// URL asks for what follows a cursor.
func (a *Address) URL(cursor uint64) string { return a.Base + a.Path + "?" + a.query(cursor) }

func (a *Address) query(cursor uint64) string {
	query := a.Cursor + "=" + string(AppendNumber(nil, int64(cursor)))
	if a.Query != "" {
		query += "&" + a.Query
	}
	return query
}
