package main

// #include <features.h>
// #ifdef __GLIBC__
// #include <malloc.h>
// static void trim(void) { malloc_trim(0); }
// #else
// static void trim(void) {}
// #endif
import "C"

// freeForeignMemory returns to the system what the C allocator keeps of what was freed. The storage engine has its memtables
// from it, some megabytes each, and a burst of them leaves several times as much behind in pieces.
func freeForeignMemory() { C.trim() }
