package connect

import (
	"context"
	"net"
	"net/netip"
)

// Resolver looks up addresses: net.DefaultResolver, or a test's.
type Resolver interface {
	LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error)
}

// family is which addresses of a host are used.
type family string

const (
	ipv4 family = "ip4"
	ipv6 family = "ip6"
)

// lookup gives the addresses of host in the family. A literal address is itself in any family. A host that has no IPv4
// address is looked up over IPv6 without being told to: there is nothing else to try.
func lookup(r Resolver, f family) func(context.Context, string) ([]string, error) {
	return func(ctx context.Context, host string) ([]string, error) {
		if addr, err := netip.ParseAddr(host); err == nil {
			return []string{addr.String()}, nil
		}
		addrs, err := r.LookupNetIP(ctx, string(f), host)
		if isNotFound(err) && f == ipv4 {
			if six, err := r.LookupNetIP(ctx, string(ipv6), host); err == nil {
				return texts(six), nil
			}
		}
		if err != nil {
			return nil, err
		}
		if len(addrs) == 0 {
			return nil, &net.DNSError{Err: "no such host", Name: host, IsNotFound: true}
		}
		return texts(addrs), nil
	}
}

func texts(addrs []netip.Addr) []string {
	out := make([]string, len(addrs))
	for i, a := range addrs {
		out[i] = a.Unmap().String()
	}
	return out
}
