package main

import (
	"log/slog"
	"net/url"
	"regexp"
	"strings"
)

const redacted = "[REDACTED]"

// secretName reports whether a parameter or attribute of this name holds a secret (spec http-api §4).
func secretName(name string) bool {
	switch strings.ToLower(name) {
	case "secret", "api_secret", "token", "access_token", "api_key", "password":
		return true
	}
	return false
}

// redactor takes secrets out of what is logged, whatever logs it.
type redactor struct{ parameter, userinfo *regexp.Regexp }

func newRedactor() *redactor {
	return &redactor{
		parameter: regexp.MustCompile(`([A-Za-z0-9_%.-]+)=([^&\s"']+)`),
		userinfo:  regexp.MustCompile(`(://[^\s:/@]*):[^\s@/]*@`),
	}
}

// attr is the ReplaceAttr of a log. It gets the message too.
func (r *redactor) attr(_ []string, a slog.Attr) slog.Attr {
	if secretName(a.Key) {
		return slog.String(a.Key, redacted)
	}
	switch a.Value.Kind() {
	case slog.KindString:
		a.Value = slog.StringValue(r.text(a.Value.String()))
	case slog.KindAny:
		switch v := a.Value.Any().(type) {
		case error:
			a.Value = slog.StringValue(r.text(v.Error()))
		case *url.URL:
			a.Value = slog.StringValue(r.text(v.String()))
		}
	}
	return a
}

// text replaces the values of secret parameters and the passwords of URLs. Names of parameters may be percent-encoded.
func (r *redactor) text(text string) string {
	if !strings.ContainsAny(text, "=@") {
		return text
	}
	text = r.userinfo.ReplaceAllString(text, "$1:"+redacted+"@")
	return r.parameter.ReplaceAllStringFunc(text, func(pair string) string {
		name, _, _ := strings.Cut(pair, "=")
		if decoded, err := url.QueryUnescape(name); err == nil && secretName(decoded) {
			return name + "=" + redacted
		}
		return pair
	})
}
