// Package admin is the API of operators: how the server is, the tree of supervision and the restart of its parts, the shapes
// and the removal of one. It has a listener of its own. openapi.json describes it, Client speaks it.
//
// What only reads stops nobody: shapes are listed by pages, and no lock is held for longer than a page of a thousand takes.
//
// The one invariant: nothing is done, and nothing told, for a request without the secret, or, where none is set, for one that
// a web page may have sent.
package admin
