package results

import (
	"bytes"
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
	value := func(s string) string {
		if s == "" {
			return "not said"
		}
		return s
	}
	return fmt.Sprintf("%s: %s, then %s", d.Name, value(d.Old), value(d.New))
}

// Differences are those between two hosts.
func (h Host) Differences(other Host) []Difference { return differences(h, other, ofTheHour) }

// Differences are those between two builds.
func (b Build) Differences(other Build) []Difference { return differences(b, other, nil) }

// differences compares two values as the record has them, so that there is no field
// of which it does not know.
func differences(a, b any, but []string) []Difference {
	return differ("", fields(a), fields(b), but)
}

// fields is a value as the record has it, without what it does not say.
func fields(v any) map[string]any {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // of strings, numbers and truth values, which cannot happen
	}
	in := json.NewDecoder(bytes.NewReader(text))
	in.UseNumber()
	var all map[string]any
	if err := in.Decode(&all); err != nil {
		panic(err)
	}
	maps.DeleteFunc(all, func(_ string, v any) bool { return v == nil || v == "" || v == json.Number("0") })
	return all
}

func differ(within string, a, b map[string]any, but []string) (list []Difference) {
	names := slices.AppendSeq(slices.Collect(maps.Keys(a)), maps.Keys(b))
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if slices.Contains(but, name) {
			continue
		}
		x, y := a[name], b[name]
		one, isGroup := x.(map[string]any)
		other, isGroupToo := y.(map[string]any)
		switch {
		case isGroup && isGroupToo:
			list = append(list, differ(within+name+" ", one, other, nil)...)
		case isGroup || isGroupToo:
			list = append(list, Difference{Name: within + name})
		default:
			if old, now := said(x), said(y); old != now {
				list = append(list, Difference{within + name, old, now})
			}
		}
	}
	return list
}

// said is a value in a sentence.
func said(v any) string {
	if v == nil {
		return ""
	}
	if s, ok := v.(string); ok {
		return s
	}
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // it has been read as JSON
	}
	return string(text)
}
