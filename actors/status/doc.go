// Package status is the authority on which shapes exist: it mints their ids and handles and keeps identity → entry,
// handle → entry and id → entry under one lock, and which shapes depend on which. It also holds the types by which the engine
// tells the outside how it is.
//
// It never touches disk, network or another actor, and nothing it hands out has to be given back.
//
// The one invariant: the three maps are mutual inverses whenever the lock is free, and no shape is in them without those that it
// depends on; an id is minted once in the life of the process, and a handle is greater (in its microseconds) than every handle
// before it.
package status
