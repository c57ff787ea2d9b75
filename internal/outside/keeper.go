package outside

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

const (
	// defaultEvery is how often addresses are looked at again: as long as a call stands a change of address without
	// anybody new having to join.
	defaultEvery = 2 * time.Minute
	// askFor bounds the question to a STUN server, resolving its name included: three transmissions (at 0, 0.5, 1.5 s).
	askFor = 3 * time.Second
	// mapFor bounds one round with the router: UPnP discovery takes two to three seconds.
	mapFor = 15 * time.Second
	// unmapFor bounds taking a mapping back when the server stops.
	unmapFor = 3 * time.Second
)

// Port is what has to be known outside: a wire.Mux.
type Port interface {
	Port() int
	Mapped(ctx context.Context, server netip.AddrPort) (netip.AddrPort, error)
	SetPublic(ips []netip.Addr, port uint16)
}

// Config says where to ask. Addresses that are configured are offered in any case.
type Config struct {
	// Addresses are public addresses that are known; with them, names are not resolved and STUN servers not asked.
	Addresses []netip.Addr
	// ExternalPort is the port number at the public addresses where it differs; 0 means the same.
	ExternalPort uint16
	// Names are host names of this server, or addresses: what they resolve to is offered, where it is not loopback. That
	// finds the address of a server with a domain, of one behind dynamic DNS, and of the host of a container.
	Names []string
	// STUN are servers, as host:port; whichever answers first is believed, for each address family.
	STUN []string
	// MapPort asks the router to forward the port, by PCP, NAT-PMP or UPnP IGD.
	MapPort bool

	Every time.Duration // default two minutes
	Log   *slog.Logger  // default: discards
}

// Keeper keeps the public addresses of a port up to date.
type Keeper struct {
	cfg     Config
	port    Port
	routers []router

	mu    sync.Mutex
	known Status // owned by mu

	cancel context.CancelFunc
	done   chan struct{}
}

// Status is what is known about the way from outside.
type Status struct {
	Addresses []netip.Addr // public
	Port      uint16       // at these addresses
	Mapping   string       // how the router forwards the port, e.g. "UPnP"; empty if it does not, or was not asked
	Errors    []string     // what did not work in the last round
}

// Keep looks once, so that the first calls have the right candidates, and goes on in the background. It waits for the first
// round, which takes some seconds where servers do not answer.
func Keep(ctx context.Context, cfg Config, port Port) *Keeper {
	if cfg.Every <= 0 {
		cfg.Every = defaultEvery
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	k := &Keeper{cfg: cfg, port: port, done: make(chan struct{})}
	if cfg.MapPort {
		k.routers = routers()
	}
	k.round(ctx)
	background, cancel := context.WithCancel(context.Background())
	k.cancel = cancel
	go k.run(background)
	return k
}

// Status tells what is known.
func (k *Keeper) Status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	s := k.known
	s.Addresses, s.Errors = slices.Clone(s.Addresses), slices.Clone(s.Errors)
	return s
}

// Close stops looking, takes port mappings back and waits. It is idempotent.
func (k *Keeper) Close() {
	k.cancel()
	<-k.done
}

func (k *Keeper) run(ctx context.Context) {
	defer close(k.done)
	tick := time.NewTicker(k.cfg.Every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			last, cancel := context.WithTimeout(context.Background(), unmapFor)
			defer cancel()
			for _, r := range k.routers {
				r.unmap(last)
			}
			return
		case <-tick.C:
			k.round(ctx)
		}
	}
}

// round looks once and tells the port if something changed. What cannot be found out stays as it was: a STUN server that
// is down for a minute must not take the address away.
func (k *Keeper) round(ctx context.Context) {
	before := k.Status()
	now := Status{Addresses: slices.Clone(k.cfg.Addresses), Port: k.cfg.ExternalPort}
	k.mapPort(ctx, before, &now)
	if len(k.cfg.Addresses) == 0 {
		for _, a := range k.resolve(ctx) {
			now.add(a)
		}
		found, errs := k.ask(ctx)
		for _, a := range found {
			now.add(a)
		}
		for _, err := range errs {
			now.Errors = append(now.Errors, err.Error())
		}
	}
	if ctx.Err() != nil {
		return
	}
	if len(now.Addresses) == 0 {
		now.Addresses = before.Addresses
	}
	k.mu.Lock()
	k.known = now
	k.mu.Unlock()
	if !slices.Equal(now.Addresses, before.Addresses) || now.Port != before.Port {
		k.port.SetPublic(now.Addresses, now.Port)
		at := int(now.Port)
		if at == 0 {
			at = k.port.Port()
		}
		k.cfg.Log.Info("the addresses for people outside are new", "addresses", now.Addresses, "port", at, "mapping", now.Mapping)
	}
	if len(now.Errors) > 0 && !slices.Equal(now.Errors, before.Errors) {
		k.cfg.Log.Warn("some ways to find the public address do not work", "errors", now.Errors)
	}
}

func (s *Status) add(a netip.Addr) {
	if !slices.Contains(s.Addresses, a) {
		s.Addresses = append(s.Addresses, a)
	}
}

// public tells whether an address can be one that everybody reaches.
func public(a netip.Addr) bool {
	shared := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10) // of a provider's own NAT (RFC 6598)
	return a.IsGlobalUnicast() && !a.IsPrivate() && !shared.Contains(a)
}

// mapPort asks the routers in turn until one forwards the port; that one is asked first from then on. If none does any
// more, what it was forwarded from before goes on: mappings outlive a few rounds.
func (k *Keeper) mapPort(ctx context.Context, before Status, now *Status) {
	var errs []string
	for i, r := range k.routers {
		mapped, err := k.forward(ctx, r)
		if err != nil {
			errs = append(errs, err.Error())
			continue
		}
		k.routers[0], k.routers[i] = r, k.routers[0]
		now.Mapping, now.Port = r.String(), mapped.Port()
		if public(mapped.Addr()) {
			now.add(mapped.Addr())
			return
		}
		now.Errors = append(now.Errors,
			fmt.Sprintf("%s: the router is behind another NAT itself: its address %s is not reached from the internet", r, mapped.Addr()))
		return
	}
	if before.Mapping != "" {
		now.Mapping, now.Port = before.Mapping, before.Port
	}
	now.Errors = append(now.Errors, errs...)
}

func (k *Keeper) forward(ctx context.Context, r router) (netip.AddrPort, error) {
	ctx, cancel := context.WithTimeout(ctx, mapFor)
	defer cancel()
	port := uint16(k.port.Port())
	want := k.cfg.ExternalPort
	if want == 0 {
		want = port
	}
	// The mapping is renewed with every round and outlives a few that fail.
	mapped, err := r.forward(ctx, port, want, 10*k.cfg.Every)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("%s: %w", r, err)
	}
	return mapped, nil
}

// resolve looks up the names of this server. Names that are unknown here say nothing: they may be known outside only.
func (k *Keeper) resolve(ctx context.Context) (found []netip.Addr) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	for _, name := range k.cfg.Names {
		addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", name)
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if a = a.Unmap(); a.IsGlobalUnicast() {
				found = append(found, a)
			}
		}
	}
	return found
}

// ask asks all STUN servers at once, for both address families, and takes the first answer of each. What went wrong is told
// only if there is no answer at all: a machine with one family is as it should be.
func (k *Keeper) ask(ctx context.Context) (found []netip.Addr, errs []error) {
	type result struct {
		addr netip.Addr
		err  error
	}
	var families [2]chan result
	for i := range families {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		answers := make(chan result, len(k.cfg.STUN))
		for _, server := range k.cfg.STUN {
			go func() {
				a, err := k.askOne(ctx, server, i == 1)
				answers <- result{a, err}
			}()
		}
		families[i] = make(chan result, len(k.cfg.STUN))
		go func() {
			defer close(families[i])
			for range k.cfg.STUN {
				r := <-answers
				if r.err == nil {
					cancel() // the others need not answer any more
				}
				families[i] <- r
			}
		}()
	}
	for _, family := range families {
		var first netip.Addr
		for r := range family {
			if r.err != nil && !errors.Is(r.err, errOtherFamily) {
				errs = append(errs, r.err)
			} else if r.err == nil && !first.IsValid() {
				first = r.addr
			}
		}
		if first.IsValid() {
			found = append(found, first)
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	return nil, errs
}

var errOtherFamily = errors.New("no address of this family")

func (k *Keeper) askOne(ctx context.Context, server string, six bool) (netip.Addr, error) {
	ctx, cancel := context.WithTimeout(ctx, askFor)
	defer cancel()
	host, service, err := net.SplitHostPort(server)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("STUN server %q: %w", server, err)
	}
	port, err := net.DefaultResolver.LookupPort(ctx, "udp", service)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("STUN server %q: %w", server, err)
	}
	addrs, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.Addr{}, fmt.Errorf("STUN server %q: %w", server, err)
	}
	for _, a := range addrs {
		if a = a.Unmap(); a.Is6() == six {
			mapped, err := k.port.Mapped(ctx, netip.AddrPortFrom(a, uint16(port)))
			if err != nil && six && ctx.Err() == nil {
				return netip.Addr{}, errOtherFamily // it has an IPv6 address, but this machine has none: that is no fault
			}
			return mapped.Addr(), err
		}
	}
	return netip.Addr{}, errOtherFamily
}
