package outside

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"

	"github.com/jackpal/gateway"
	natpmp "github.com/jackpal/go-nat-pmp"
)

// router is a way to ask the router to forward the port. It is owned by the Keeper's goroutine.
type router interface {
	fmt.Stringer
	// forward asks for a mapping of the port, UDP and TCP, from external to internal, for some time, or renews it. It
	// returns the address and port outside, which may be another port than was wished for. If it fails, nothing is left
	// that was not there before.
	forward(ctx context.Context, internal, external uint16, lifetime time.Duration) (netip.AddrPort, error)
	// unmap takes the mapping back, if there is one.
	unmap(ctx context.Context)
}

// routers are the ways, in the order in which they are tried: PCP, and its forerunner NAT-PMP, answer at once or not at
// all, and say for how long; UPnP has to look for a router first.
func routers() []router { return []router{&pcp{}, &natPMP{}, &upnp{}} }

// routerPatience is how long the router is waited for with one question: it is one cable away.
const routerPatience = 2 * time.Second

// protocols are what is forwarded; media first.
func protocols() []string { return []string{"udp", "tcp"} }

// defaultGateway is the router that the default route leads to.
func defaultGateway() (net.IP, error) {
	via, err := gateway.DiscoverGateway()
	if err != nil {
		return nil, fmt.Errorf("no default route: %w", err)
	}
	return via, nil
}

// natPMP speaks NAT-PMP (RFC 6886), which older routers of Apple and many open-source ones understand.
type natPMP struct {
	gateway net.IP
	mapped  uint16 // internal port, if there is a mapping
}

func (*natPMP) String() string { return "NAT-PMP" }

func (r *natPMP) forward(ctx context.Context, internal, external uint16, lifetime time.Duration) (_ netip.AddrPort, err error) {
	if r.gateway, err = defaultGateway(); err != nil {
		return netip.AddrPort{}, err
	}
	client := r.client(ctx)
	outer, err := client.GetExternalAddress()
	if errors.Is(err, syscall.ECONNREFUSED) {
		return netip.AddrPort{}, errUnspoken
	}
	if err != nil {
		return netip.AddrPort{}, err
	}
	if r.mapped == 0 {
		r.mapped = internal
		defer func() {
			if err != nil {
				r.unmap(ctx)
			}
		}()
	}
	for _, protocol := range protocols() {
		m, err := client.AddPortMappingWithDuration(protocol, int(internal), int(external), lifetime)
		if err != nil {
			return netip.AddrPort{}, err
		}
		if protocol != "udp" && m.MappedExternalPort != external {
			return netip.AddrPort{}, errOneProtocol(external)
		}
		external = m.MappedExternalPort
	}
	return netip.AddrPortFrom(netip.AddrFrom4(outer.ExternalIPAddress), external), nil
}

// errOneProtocol tells of a port that is had in UDP only.
func errOneProtocol(port uint16) error {
	return fmt.Errorf("port %d is forwarded for UDP, but not for TCP", port)
}

// errUnspoken tells of a router that does not speak a protocol.
var errUnspoken = errors.New("the router does not speak it")

// client has as much time for each question as is left for all.
func (r *natPMP) client(ctx context.Context) *natpmp.Client {
	patience := routerPatience // four transmissions
	if deadline, ok := ctx.Deadline(); ok {
		patience = min(patience, time.Until(deadline))
	}
	return natpmp.NewClientWithTimeout(r.gateway, patience)
}

func (r *natPMP) unmap(ctx context.Context) {
	if r.mapped == 0 {
		return
	}
	for _, protocol := range protocols() {
		_, _ = r.client(ctx).AddPortMapping(protocol, int(r.mapped), 0, 0) // otherwise it runs out by itself
	}
	r.mapped = 0
}
