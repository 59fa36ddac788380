//go:build !linux

package host

// ReadClocks reads the clocks. Here are no three to compare: all stand still.
func ReadClocks() Clocks { return Clocks{} }
