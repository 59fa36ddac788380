//go:build !linux && !darwin

package feed

// Processes of a host share a clock, and this is where none is known on which Go's own
// readings follow it. The compiler says so, since else a trial would, far from here.
var _ = pushbench_is_built_on_Linux_and_macOS__on_Windows_use_WSL__see_README_What_a_host_needs

func monotonic() int64 { return 0 }
