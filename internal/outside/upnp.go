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
)

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

func (r *upnp) add(ctx context.Context, internal, external uint16, lifetime time.Duration) (_ netip.Addr, err error) {
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
	for i, protocol := range upnpProtocols() {
		err := r.device.AddPortMappingCtx(ctx, "", external, protocol, internal, own.String(), true, "Confab", uint32(lifetime/time.Second))
		if err != nil {
			// Some routers only make mappings without end (error 725); unmap takes it back.
			err = r.device.AddPortMappingCtx(ctx, "", external, protocol, internal, own.String(), true, "Confab", 0)
		}
		if err != nil {
			if r.mapped != external {
				r.remove(ctx, external, upnpProtocols()[:i])
			}
			return netip.Addr{}, fmt.Errorf("port %d of %s is not forwarded: %w", external, protocol, err)
		}
	}
	return outer.Unmap(), nil
}

// upnpProtocols are protocols as UPnP writes them.
func upnpProtocols() []string { return []string{"UDP", "TCP"} }

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
	r.remove(ctx, r.mapped, upnpProtocols())
	r.mapped = 0
}

func (r *upnp) remove(ctx context.Context, external uint16, protocols []string) {
	for _, protocol := range protocols {
		_ = r.device.DeletePortMappingCtx(ctx, "", external, protocol) // otherwise it runs out by itself, or stays
	}
}
