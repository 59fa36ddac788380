package host

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
)

// ReadKernelMemory is the bytes that the host's kernel holds in slabs and in
// TCP's buffers, for whomever: what connections add to it is known by comparing
// numbers of them. Both ends of a connection on loopback are in it.
func ReadKernelMemory() (int64, error) {
	meminfo, err := os.ReadFile("/proc/meminfo")
	if err != nil {
		return 0, fmt.Errorf("read the kernel's memory: %w", err)
	}
	sockstat, err := os.ReadFile("/proc/net/sockstat")
	if err != nil {
		return 0, fmt.Errorf("read the kernel's socket memory: %w", err)
	}
	slab, err := numberAfter(meminfo, "Slab:", "")
	if err != nil {
		return 0, fmt.Errorf("read /proc/meminfo: %w", err)
	}
	pages, err := numberAfter(sockstat, "TCP:", "mem")
	if err != nil {
		return 0, fmt.Errorf("read /proc/net/sockstat: %w", err)
	}
	return slab<<10 + pages*int64(os.Getpagesize()), nil
}

// numberAfter finds the line that begins with key and returns its number behind
// word; without a word, its first.
func numberAfter(text []byte, key, word string) (int64, error) {
	for line := range bytes.Lines(text) {
		fields := bytes.Fields(line)
		if len(fields) == 0 || string(fields[0]) != key {
			continue
		}
		for i, f := range fields[:len(fields)-1] {
			if word == "" || string(f) == word {
				n, err := strconv.ParseInt(string(fields[i+1]), 10, 64)
				if err == nil && n < 0 {
					err = errors.New("it is negative")
				}
				return n, err
			}
		}
	}
	return 0, fmt.Errorf("there is no %s", key+word)
}
