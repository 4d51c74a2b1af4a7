package shapeapi

import (
	"errors"
	"fmt"
	"time"
)

// Config holds the settings of the HTTP side (spec http-api §29). The comment of each field names its variable.
type Config struct {
	Version string // of this server, for the electric-server header

	Secret   string // ELECTRIC_SECRET
	Insecure bool   // ELECTRIC_INSECURE

	Port         int  // ELECTRIC_PORT; 0 takes a free port
	ListenOnIPv6 bool // ELECTRIC_LISTEN_ON_IPV6

	LongPollTimeout time.Duration // ELECTRIC_LONG_POLL_TIMEOUT; also drives the cursor
	CacheMaxAge     int           // ELECTRIC_CACHE_MAX_AGE, seconds
	CacheStaleAge   int           // ELECTRIC_CACHE_STALE_AGE, seconds

	MaxInitial  int // ELECTRIC_MAX_CONCURRENT_REQUESTS, key initial; 0 rejects all
	MaxExisting int // the same, key existing

	SendTimeout     time.Duration // ELECTRIC_TCP_SEND_TIMEOUT, for each write
	ReadTimeout     time.Duration // ELECTRIC_TCP_READ_TIMEOUT, for idle connections, headers and bodies
	ConnMaxRequests int           // ELECTRIC_TWEAKS_CONN_MAX_REQUESTS; 0 is unlimited

	EnableDelete bool // ELECTRIC_ENABLE_INTEGRATION_TESTING
}

// Defaults is the configuration of an empty environment. It does not validate: a secret or Insecure has to be chosen.
func Defaults() Config {
	return Config{
		Version:         "dev",
		Port:            3000,
		LongPollTimeout: 20 * time.Second,
		CacheMaxAge:     60,
		CacheStaleAge:   300,
		MaxInitial:      300,
		MaxExisting:     10000,
		SendTimeout:     30 * time.Second,
		ReadTimeout:     60 * time.Second,
		ConnMaxRequests: 50,
	}
}

// Validate reports the first setting that cannot be used, by the name of its variable.
func (c *Config) Validate() error {
	switch {
	case c.Secret != "" && c.Insecure:
		return errors.New("ELECTRIC_SECRET and ELECTRIC_INSECURE=true exclude each other")
	case c.Secret == "" && !c.Insecure:
		return errors.New("ELECTRIC_SECRET must be set, or ELECTRIC_INSECURE=true to serve everyone")
	case c.Port < 0 || c.Port > 65535:
		return fmt.Errorf("ELECTRIC_PORT: %d is not a port", c.Port)
	case c.LongPollTimeout < 0:
		return fmt.Errorf("ELECTRIC_LONG_POLL_TIMEOUT: %s is negative", c.LongPollTimeout)
	case c.CacheMaxAge < 0:
		return fmt.Errorf("ELECTRIC_CACHE_MAX_AGE: %d is negative", c.CacheMaxAge)
	case c.CacheStaleAge < 0:
		return fmt.Errorf("ELECTRIC_CACHE_STALE_AGE: %d is negative", c.CacheStaleAge)
	case c.MaxInitial < 0 || c.MaxExisting < 0:
		return errors.New("ELECTRIC_MAX_CONCURRENT_REQUESTS: limits cannot be negative")
	case c.SendTimeout <= 0:
		return fmt.Errorf("ELECTRIC_TCP_SEND_TIMEOUT: %s is not positive", c.SendTimeout)
	case c.ReadTimeout <= 0:
		return fmt.Errorf("ELECTRIC_TCP_READ_TIMEOUT: %s is not positive", c.ReadTimeout)
	case c.ConnMaxRequests < 0:
		return fmt.Errorf("ELECTRIC_TWEAKS_CONN_MAX_REQUESTS: %d is negative", c.ConnMaxRequests)
	}
	return nil
}

// What the reference fixes and no setting changes (spec http-api §29).
const (
	readyWait         = 5 * time.Second
	snapshotStartWait = 45 * time.Second
	snapshotChunkWait = 60 * time.Second
	sseLifetime       = 60 * time.Second
	sseKeepAlive      = 21 * time.Second
	maxBody           = 8_000_000
)
