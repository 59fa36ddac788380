package results

import "testing"

func TestDimensions(t *testing.T) {
	for _, tc := range []struct{ a, b, product string }{
		{"s", "1", "s"},
		{"1", "1", "1"},
		{"1/s", "s", "1"},
		{"%", "B/event", "B/event"},
		{"B/event", "1/s", "B/event/s"},
		{"s", "s", "s·s"},
		{"s/event", "B", "B·s/event"},
		{"B·s/event", "1/s", "B/event"},
	} {
		got := dimensionOf(tc.a).times(dimensionOf(tc.b), 1).String()
		if got != tc.product {
			t.Errorf("%s × %s = %s, want %s", tc.a, tc.b, got, tc.product)
		}
		if back := dimensionOf(got).String(); back != got {
			t.Errorf("%s reads back as %s", got, back)
		}
	}
}
