package results

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// fill gives a field another value than its first.
func fill(f reflect.Value) {
	switch f.Kind() {
	case reflect.String:
		f.SetString("another")
	case reflect.Bool:
		f.SetBool(true)
	case reflect.Int, reflect.Int64:
		f.SetInt(7)
	case reflect.Float64:
		f.SetFloat(0.5)
	case reflect.Slice:
		f.Set(reflect.MakeSlice(f.Type(), 1, 1))
	case reflect.Map:
		f.Set(reflect.ValueOf(map[string]string{"x": "y"}))
	default:
		panic("a record has no field of kind " + f.Kind().String())
	}
}

// No field of a host or a build can differ without being named, but for moments.
func TestEveryFieldDiffers(t *testing.T) {
	check := func(typ reflect.Type, differences func(changed any) []Difference) {
		for i := range typ.NumField() {
			changed := reflect.New(typ).Elem()
			fill(changed.Field(i))
			name, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			list := differences(changed.Interface())
			if name == "load" || name == "canary" {
				if len(list) > 0 {
					t.Errorf("%s is a moment, and differs: %v", name, list)
				}
				continue
			}
			if len(list) != 1 || list[0].Name != name {
				t.Errorf("%s of %s differs, and what is told is %v", name, typ, list)
			}
		}
	}
	check(reflect.TypeFor[Host](), func(h any) []Difference { return Host{}.Differences(h.(Host)) })
	check(reflect.TypeFor[Build](), func(b any) []Difference { return b.(Build).Differences(Build{}) })
}

func TestDifferences(t *testing.T) {
	old := Host{CPU: "Xeon", Cores: 2, Memory: 4 << 30, Clock: "tsc", Virtual: true, ServerCPUs: []int{0}, Load: 0.1, Canary: []float64{1},
		Facts: map[string]string{"governor": "performance", "boost": "on", "swap": "0 B"}}
	now := Host{CPU: "Xeon", Cores: 2, Memory: 8 << 30, Clock: "kvm-clock", ServerCPUs: []int{0, 1}, Load: 2, Canary: []float64{3},
		Facts: map[string]string{"governor": "powersave", "swap": "0 B", "smt": "off"}}
	lines := func(list []Difference) (text []string) {
		for _, d := range list {
			text = append(text, fmt.Sprint(d))
		}
		return text
	}
	if diff := cmp.Diff([]string{
		"clock: tsc, then kvm-clock",
		"facts boost: on, then not said",
		"facts governor: performance, then powersave",
		"facts smt: not said, then off",
		"memory: 4294967296, then 8589934592",
		"server-cpus: [0], then [0,1]",
		"virtual: true, then false",
	}, lines(old.Differences(now))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if list := old.Differences(old); list != nil {
		t.Errorf("a host differs from itself in %v", list)
	}
	if diff := cmp.Diff([]string{"environment: one of the records does not say", "servers -race: not said, then true"}, lines(
		Build{Servers: map[string]string{}}.Differences(Build{Servers: map[string]string{"-race": "true"}, Environment: map[string]string{}}))); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A record that was written before there were facts reads as one that says nothing of
// them, and one that knows of none stays one that was asked.
func TestFactsInTheRecord(t *testing.T) {
	for text, want := range map[string]Host{
		`{"cpu":"x","cores":1,"canary":[0.1]}`: {CPU: "x", Cores: 1, Canary: []float64{0.1}},
		`{"cpu":"x","cores":1,"facts":{}}`:     {CPU: "x", Cores: 1, Facts: map[string]string{}},
	} {
		var got Host
		if err := json.Unmarshal([]byte(text), &got); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", text, diff)
		}
		again, err := json.Marshal(got)
		if err != nil || strings.Contains(string(again), "facts") != strings.Contains(text, "facts") {
			t.Errorf("%s is written as %s, %v", text, again, err)
		}
	}
}
