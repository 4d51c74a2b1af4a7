// Package connect knows how to reach a Postgres server: it reads connection URLs, finds out whether TLS and IPv6 work,
// builds the configurations of the driver, and says what an error means for the connection.
//
// It keeps no connection and starts no retry: what to do about a Problem is up to the caller. It never reads the environment
// variables and files that libpq reads; everything is in the URL and the Options.
//
// The one invariant: a password leaves a Target only in the configuration of the driver. It is in no text, log or error.
package connect
