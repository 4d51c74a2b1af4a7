// Package settings reads the server's configuration from environment variables: the names, types, defaults and meanings
// of the Electric sync service, so that a deployment can be moved by changing the image. It reads the environment that it
// is given and nothing else: it opens no file, resolves no host and logs nothing.
//
// The one invariant: every setting stands once, in the table. Reading, the list of what is ignored, the warning about
// unknown names and the page docs/settings.md all come from that table. A value that Read returned needs no further check.
package settings
