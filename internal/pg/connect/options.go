package connect

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"os"
	"time"
)

// ApplicationName is what our sessions are called in pg_stat_activity.
const ApplicationName = "leyden"

// connectTimeout bounds one attempt to connect to one address, TLS and authentication included.
const connectTimeout = 30 * time.Second

// Options apply to all connections.
type Options struct {
	// Roots are the certificates to trust. With them the server is verified in full, without them not at all.
	Roots *x509.CertPool
	// IPv6 resolves hosts over IPv6 first.
	IPv6 bool
	TCP  TCP
}

// LoadRoots reads certificates to trust from a file in PEM form.
func LoadRoots(path string) (*x509.CertPool, error) {
	pem, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read CA certificates: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("read CA certificates: %s has none in PEM form", path)
	}
	return roots, nil
}

// tlsConfig names the server in the handshake (SNI), which hosted databases go by, also when nothing is verified.
func (o Options) tlsConfig(host string) *tls.Config {
	return &tls.Config{ServerName: host, RootCAs: o.Roots, InsecureSkipVerify: o.Roots == nil, MinVersion: tls.VersionTLS12}
}
