package admin

import (
	"crypto/sha256"
	"crypto/subtle"
	"net"
	"net/http"
	"net/netip"
	"strings"
)

// guard decides who may use the API.
type guard struct {
	secret [sha256.Size]byte
	open   bool // there is no secret
}

func newGuard(secret string) guard {
	return guard{secret: sha256.Sum256([]byte(secret)), open: secret == ""}
}

// judge returns nil for a request that may be served. Digests are compared, so that neither the content nor the length of the
// secret shows in the time taken. Without a secret everybody on this machine is trusted, but not the web pages in their
// browsers: those can send requests to loopback addresses, but always tell their origin, or name the server as they do.
func (g *guard) judge(r *http.Request) *Problem {
	if g.open {
		if r.Header.Get("Origin") != "" || r.Header.Get("Sec-Fetch-Site") != "" || !Loopback(r.Host) {
			return &Problem{Status: http.StatusForbidden, Code: "forbidden", Message: "without LEYDEN_ADMIN_SECRET only programs on this machine are served, by a loopback address and not from a browser"}
		}
		return nil
	}
	given, bearer := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	sum := sha256.Sum256([]byte(given))
	if subtle.ConstantTimeCompare(sum[:], g.secret[:]) == 1 && bearer {
		return nil
	}
	p := &Problem{Status: http.StatusUnauthorized, Code: "unauthorized", Message: "the secret is wrong"}
	if !bearer {
		p.Message = "a secret is required: Authorization: Bearer <LEYDEN_ADMIN_SECRET>"
	}
	return p
}

// Loopback reports whether an address, with or without a port, is of this machine only.
func Loopback(address string) bool {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = strings.Trim(address, "[]")
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
