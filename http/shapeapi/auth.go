package shapeapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"strings"
)

// authorized judges the credential of a decoded query (spec http-api §4): secret, and api_secret only where secret is
// absent. Digests are compared, so that neither the content nor the length of the secret shows in the time taken.
func (a *API) authorized(q tree) bool {
	if a.cfg.Insecure {
		return true
	}
	given, ok := q["secret"]
	if !ok {
		given, ok = q["api_secret"]
	}
	text, isText := given.(string)
	sum := sha256.Sum256([]byte(text))
	same := subtle.ConstantTimeCompare(sum[:], a.secret[:]) == 1
	return ok && isText && same
}

// redacted names the parameters whose values no log line may show.
var redacted = map[string]bool{
	"secret": true, "api_secret": true, "token": true, "access_token": true, "api_key": true, "password": true,
}

// RedactQuery returns a query string for logs and traces: values of credentials are replaced, whatever the case or the
// encoding of their names. What cannot be decoded is replaced whole.
func RedactQuery(raw string) string {
	if raw == "" {
		return ""
	}
	pairs := strings.Split(raw, "&")
	for i, pair := range pairs {
		k, _, hasValue := strings.Cut(pair, "=")
		key, ok := decodeForm(k)
		if !ok {
			pairs[i] = "[REDACTED]"
			continue
		}
		name, _, _ := strings.Cut(key, "[")
		if hasValue && redacted[strings.ToLower(strings.TrimSpace(name))] {
			pairs[i] = k + "=[REDACTED]"
		}
	}
	return strings.Join(pairs, "&")
}
