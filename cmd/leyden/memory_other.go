//go:build !linux

package main

// freeForeignMemory has nothing to do: elsewhere the C allocator gives back what is freed, or cannot be asked to.
func freeForeignMemory() {}
