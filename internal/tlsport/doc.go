// Package tlsport gives the port its TLS: certificates by ACME for a domain, from one's own files, or self-signed for a LAN.
//
// Open picks one of the three. Port.Config is what the listener is made with, and
// Port.Start is called when it listens; certificates behind it are renewed, or read
// again when their files change, while connections go on. Port.Handler answers what comes without TLS: challenges of the
// ACME server, and everything else with a redirect. A Port may be used by several goroutines; Close ends the goroutine that
// sees to the first certificate, and waits for it.
package tlsport
