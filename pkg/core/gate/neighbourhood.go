package gate

import "net/netip"

// Neighbourhood is the address as limits see it: an IPv6 customer owns a /64 and would walk through its addresses.
func Neighbourhood(address netip.Addr) string {
	address = address.Unmap().WithZone("")
	if network, err := address.Prefix(64); err == nil && address.Is6() {
		return network.String()
	}
	return address.String()
}
