package outside

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/huin/goupnp/dcps/internetgateway2"
	"github.com/jackpal/gateway"
	natpmp "github.com/jackpal/go-nat-pmp"
)

// router is a way to ask the router to forward the port. It is owned by the Keeper's goroutine.
type router interface {
	fmt.Stringer
	// forward asks for a mapping of the port, UDP and TCP, from external to internal, for some time, or renews it. It
	// returns the address and port outside, which may be another port than was wished for.
	forward(ctx context.Context, internal, external uint16, lifetime time.Duration) (netip.AddrPort, error)
	// unmap takes the mapping back, if there is one.
	unmap(ctx context.Context)
}

// protocols are what is forwarded; media first.
func protocols() []string { return []string{"udp", "tcp"} }

// natPMP speaks NAT-PMP (RFC 6886), which routers of Apple and many open-source ones understand; routers with PCP (RFC
// 6887) mostly do, too.
type natPMP struct {
	gateway net.IP // default: that of the default route
	mapped  uint16 // internal port, if there is a mapping
}

func (*natPMP) String() string { return "NAT-PMP" }

func (r *natPMP) forward(ctx context.Context, internal, external uint16, lifetime time.Duration) (netip.AddrPort, error) {
	via := r.gateway
	if via == nil {
		var err error
		if via, err = gateway.DiscoverGateway(); err != nil {
			return netip.AddrPort{}, fmt.Errorf("no default route: %w", err)
		}
	}
	client := r.client(ctx, via)
	outer, err := client.GetExternalAddress()
	if err != nil {
		return netip.AddrPort{}, err
	}
	for _, protocol := range protocols() {
		m, err := client.AddPortMappingWithDuration(protocol, int(internal), int(external), lifetime)
		if err != nil {
			return netip.AddrPort{}, err
		}
		if protocol != "udp" && m.MappedExternalPort != external {
			return netip.AddrPort{}, fmt.Errorf("port %d is forwarded for UDP, but not for TCP", external)
		}
		external = m.MappedExternalPort
	}
	r.gateway, r.mapped = via, internal
	return netip.AddrPortFrom(netip.AddrFrom4(outer.ExternalIPAddress), external), nil
}

// client has as much time for each question as is left for all.
func (*natPMP) client(ctx context.Context, via net.IP) *natpmp.Client {
	patience := 2 * time.Second // four transmissions
	if deadline, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(deadline))
	}
	return natpmp.NewClientWithTimeout(via, patience)
}

func (r *natPMP) unmap(ctx context.Context) {
	if r.mapped == 0 {
		return
	}
	for _, protocol := range protocols() {
		_, _ = r.client(ctx, r.gateway).AddPortMapping(protocol, int(r.mapped), 0, 0) // otherwise it runs out by itself
	}
	r.mapped = 0
}

// upnp speaks UPnP IGD, which most home routers understand.
type upnp struct {
	location *url.URL // of the router's description; default: found by SSDP
	device   upnpDevice
	mapped   uint16 // external port, if there is a mapping
}

// upnpDevice is what the versions of IGD have in common.
type upnpDevice interface {
	GetExternalIPAddressCtx(ctx context.Context) (string, error)
	AddPortMappingCtx(ctx context.Context, remoteHost string, external uint16, protocol string, internal uint16, client string,
		enabled bool, description string, seconds uint32) error
	DeletePortMappingCtx(ctx context.Context, remoteHost string, external uint16, protocol string) error
	LocalAddr() net.IP
}

func (*upnp) String() string { return "UPnP" }

func (r *upnp) forward(ctx context.Context, internal, external uint16, lifetime time.Duration) (netip.AddrPort, error) {
	if r.device == nil {
		device, err := r.discover(ctx)
		if err != nil {
			return netip.AddrPort{}, err
		}
		r.device = device
	}
	outer, err := r.add(ctx, internal, external, lifetime)
	if err != nil {
		r.device = nil // it may have been replaced
		return netip.AddrPort{}, err
	}
	r.mapped = external
	return netip.AddrPortFrom(outer, external), nil
}

func (r *upnp) add(ctx context.Context, internal, external uint16, lifetime time.Duration) (netip.Addr, error) {
	text, err := r.device.GetExternalIPAddressCtx(ctx)
	if err != nil {
		return netip.Addr{}, err
	}
	outer, err := netip.ParseAddr(text)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("the router has no address outside: %w", err)
	}
	own, err := r.own()
	if err != nil {
		return netip.Addr{}, err
	}
	for _, protocol := range []string{"UDP", "TCP"} {
		err := r.device.AddPortMappingCtx(ctx, "", external, protocol, internal, own.String(), true, "Confab", uint32(lifetime/time.Second))
		if err != nil {
			// Some routers only make mappings without end (error 725); unmap takes it back.
			err = r.device.AddPortMappingCtx(ctx, "", external, protocol, internal, own.String(), true, "Confab", 0)
		}
		if err != nil {
			return netip.Addr{}, fmt.Errorf("port %d of %s is not forwarded: %w", external, protocol, err)
		}
	}
	return outer.Unmap(), nil
}

// own is the address of this machine that the router sees.
func (r *upnp) own() (net.IP, error) {
	if ip := r.device.LocalAddr(); ip != nil {
		return ip, nil
	}
	if r.location == nil {
		return nil, errors.New("which address of this machine the router sees is not known")
	}
	c, err := net.Dial("udp", r.location.Host) // sends nothing
	if err != nil {
		return nil, fmt.Errorf("no way to the router: %w", err)
	}
	defer c.Close() // nothing was sent
	return c.LocalAddr().(*net.UDPAddr).IP, nil
}

// discover finds a router. A newer version of the service is tried first; routers that speak none do not answer, or not
// with a service.
func (r *upnp) discover(ctx context.Context) (upnpDevice, error) {
	if r.location != nil {
		found, err := internetgateway2.NewWANIPConnection1ClientsByURLCtx(ctx, r.location)
		if err != nil {
			return nil, err
		}
		return first(found)
	}
	if found, _, err := internetgateway2.NewWANIPConnection2ClientsCtx(ctx); err == nil && len(found) > 0 {
		return found[0], nil
	}
	if found, _, err := internetgateway2.NewWANIPConnection1ClientsCtx(ctx); err == nil && len(found) > 0 {
		return found[0], nil
	}
	found, _, err := internetgateway2.NewWANPPPConnection1ClientsCtx(ctx)
	if err != nil {
		return nil, err
	}
	return first(found)
}

func first[D upnpDevice](found []D) (upnpDevice, error) {
	if len(found) == 0 {
		return nil, errors.New("no router answers")
	}
	return found[0], nil
}

func (r *upnp) unmap(ctx context.Context) {
	if r.mapped == 0 || r.device == nil {
		return
	}
	for _, protocol := range []string{"UDP", "TCP"} {
		_ = r.device.DeletePortMappingCtx(ctx, "", r.mapped, protocol) // otherwise it runs out by itself, or stays
	}
	r.mapped = 0
}
