package results

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// Difference is a field in which two hosts or two builds are not the same, by its
// name in the record. What a record does not say is "". Where one of them is older
// than a whole group of fields, it is the group's name alone that is there.
type Difference struct{ Name, Old, New string }

func (d Difference) String() string {
	if d.Old == "" && d.New == "" {
		return d.Name + ": one of the records does not say"
	}
	return fmt.Sprintf("%s: %s, then %s", d.Name, cmp.Or(d.Old, "not said"), cmp.Or(d.New, "not said"))
}

// Hosts and builds are compared as the record has them, so that there is no field of
// which differ does not know.

// Differences are those between two hosts.
func (h Host) Differences(other Host) []Difference {
	return differ("", fields(h), fields(other), ofTheHour)
}

// Differences are those between two builds.
func (b Build) Differences(other Build) []Difference {
	return differ("", fields(b), fields(other), nil)
}

// fields is a value as the record has it, without what it does not say.
func fields(v any) (all map[string]json.RawMessage) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &all)
	}
	if err != nil {
		panic(err) // of strings, numbers and truth values, which cannot happen
	}
	nothing := []string{"null", `""`, "0"}
	maps.DeleteFunc(all, func(_ string, v json.RawMessage) bool { return slices.Contains(nothing, string(v)) })
	return all
}

func differ(within string, a, b map[string]json.RawMessage, but []string) (list []Difference) {
	names := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		x, y := a[name], b[name]
		isGroup, isGroupToo := bytes.HasPrefix(x, []byte("{")), bytes.HasPrefix(y, []byte("{"))
		switch old, now := said(x), said(y); {
		case slices.Contains(but, name):
		case isGroup && isGroupToo:
			list = append(list, differ(within+name+" ", fields(x), fields(y), nil)...)
		case isGroup || isGroupToo:
			list = append(list, Difference{Name: within + name})
		case old != now:
			list = append(list, Difference{within + name, old, now})
		}
	}
	return list
}

// said is a value in a sentence.
func said(v json.RawMessage) string {
	var s string
	if json.Unmarshal(v, &s) != nil { // no string
		return string(v)
	}
	return s
}
