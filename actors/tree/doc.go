// Package tree supervises: it starts children in order, restarts them by their specifications, stops them in reverse order
// and tells why each of them ended. It gives protoactor what the design takes from OTP: permanent, transient and temporary
// children, significant ones, one-for-one, one-for-all and rest-for-one groups, restart intensity, exit reasons, paths, a
// picture of the tree and the restart of any part of it.
//
// A child is an actor, a function that runs, or another group. Nothing is ever restarted in place: a child that ends for
// whatever reason is gone with its mailbox, and a new instance starts under the same name. So a panic can neither drop a
// mailbox unseen nor spin, and who holds a PID reaches the new instance.
//
// Restarts are counted per group: when one more than Intensity falls within Period, the group stops all its children and
// ends with a crash, which its own parent counts in turn. The root's end is the end of the tree.
//
// The package knows nothing of what it runs. It never kills: a child that does not stop in its time is reported by path and
// left behind, and nothing is started under its name while it lives.
//
// The one invariant: a child is started only after everything before it in its group is up, and stopped only after
// everything behind it is gone, one instance of each at a time.
package tree
