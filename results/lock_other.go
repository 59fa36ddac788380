//go:build !linux && !darwin

package results

import "os"

// A directory is locked with flock(2), which dies with its process. Where there is none
// the compiler says so.
var _ = pushbench_is_built_on_Linux_and_macOS__on_Windows_use_WSL__see_README_What_a_host_needs

func lockDir(string) (*os.File, error) { return nil, nil }
func syncDir(*os.File) error           { return nil }
