package settings

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"leyden/internal/pg/connect"
)

// Error says which setting cannot be used and why. The text is one line and never contains the value of a secret.
type Error struct {
	Name   string
	Reason string
}

func (e *Error) Error() string { return e.Name + ": " + e.Reason }

// Remarks are the names of variables that are set and change nothing, each list sorted.
type Remarks struct {
	Ignored  []string // no meaning in this server
	NoEffect []string // not done by this version
	Unknown  []string // begin with ELECTRIC_ or LEYDEN_ and are no setting
}

// Read makes Settings of an environment as os.Environ gives it. The error is an *Error for the first setting, in the order
// of the table, that cannot be used.
func Read(environ []string) (*Settings, Remarks, error) {
	values := map[string]string{}
	for _, kv := range environ {
		if name, value, ok := strings.Cut(kv, "="); ok {
			values[name] = value
		}
	}
	s := new(Settings)
	var remarks Remarks
	known := map[string]bool{}
	for _, row := range table(s) {
		known[row.Name] = true
		value, set := values[row.Name]
		switch {
		case set && row.Use == Ignored:
			remarks.Ignored = append(remarks.Ignored, row.Name)
		case set && row.Use == NoEffect:
			remarks.NoEffect = append(remarks.NoEffect, row.Name)
		}
		if !set {
			if value = row.preset; value == "" {
				continue
			}
		}
		if err := row.read(value); err != nil {
			return nil, Remarks{}, &Error{Name: row.Name, Reason: err.Error()}
		}
	}
	for name := range values {
		if !known[name] && (strings.HasPrefix(name, "ELECTRIC_") || strings.HasPrefix(name, "LEYDEN_")) {
			remarks.Unknown = append(remarks.Unknown, name)
		}
	}
	for _, list := range [][]string{remarks.Ignored, remarks.NoEffect, remarks.Unknown} {
		slices.Sort(list)
	}
	if err := s.complete(parseBool(values["ELECTRIC_INSECURE"])); err != nil {
		return nil, Remarks{}, err
	}
	return s, remarks, nil
}

// complete checks what concerns several settings, and fills in defaults that are other settings.
func (s *Settings) complete(insecure bool) error {
	switch {
	case s.Database.URL.Host == "":
		return &Error{"DATABASE_URL", "is required: where is Postgres? For example postgresql://user@host:5432/database"}
	case insecure && s.HTTP.Secret.IsSet():
		return &Error{"ELECTRIC_SECRET", "cannot be combined with ELECTRIC_INSECURE=true; set one of the two"}
	case !insecure && !s.HTTP.Secret.IsSet():
		return &Error{"ELECTRIC_SECRET", "is required; to serve without a secret set ELECTRIC_INSECURE=true"}
	}
	if !s.Admin.Off && !s.Admin.Secret.IsSet() && !loopback(s.Admin.Host) {
		return &Error{"LEYDEN_ADMIN_SECRET", "is required when LEYDEN_ADMIN_ADDR is not a loopback address: who reaches it can remove shapes"}
	}
	if s.Database.PooledURL.Host == "" {
		s.Database.PooledURL = s.Database.URL
	}
	if s.Database.CAFile != "" {
		const conflict = "sslmode=disable cannot be combined with ELECTRIC_DATABASE_CA_CERTIFICATE_FILE"
		if s.Database.URL.SSLMode == connect.SSLDisable {
			return &Error{"DATABASE_URL", conflict}
		}
		if s.Database.PooledURL.SSLMode == connect.SSLDisable {
			return &Error{"ELECTRIC_POOLED_DATABASE_URL", conflict}
		}
	}
	if s.Replication.RandomSlotName && !s.Replication.TemporarySlot {
		s.Replication.RandomSlotName = false
	}
	return nil
}

// loopback reports whether a host is this machine only.
func loopback(host string) bool {
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

// Line is the one line that ends a start: what is wrong with which setting.
func Line(err error) string {
	var e *Error
	if errors.As(err, &e) {
		return fmt.Sprintf("bad setting %s: %s", e.Name, e.Reason)
	}
	return err.Error()
}
