// Package relay is a TURN server (RFC 8656) for clients that reach this host by one port only, over UDP, TCP or TLS. Its
// allocations end inside the process: there are no relay sockets, and nothing but the SFU on the same wire.Mux can be
// reached through it.
//
// # Overview
//
// pion/turn speaks the protocol, over the TURN traffic of the Mux. Around it stand:
//
//   - a screen, which sees every request before pion/turn does and refuses what this server does not do, with the error
//     codes that clients expect: peers other than the SFU's own candidates (403), TCP allocations (442), reserved and even
//     ports (508), requests for an allocation that is gone (437), floods (silence);
//   - a ledger of who holds which allocation, which bounds them by user and in total, ends those of a revoked user, and
//     lets a running allocation be refreshed after its short-lived credentials have run out;
//   - an in-memory packet conn for each allocation, whose other end is a berth of the Mux. It bounds bandwidth, and it is
//     the last check on where packets go: to a candidate's address and port, or nowhere.
//
// # What a relay can reach
//
// The address and port pairs that the Mux offers as candidates, and nothing else: there is a list of what is allowed, not
// of what is forbidden, so all forms of loopback, private, link-local, shared (RFC 6598), multicast, IPv4-mapped and NAT64
// addresses are refused alike. A loopback candidate counts only when there is no other, which is so on a machine without
// a network and in tests. And since packets do not go through the kernel, even what is allowed can only ever reach the
// SFU's own code.
//
// # Concurrency and lifecycle
//
// pion/turn has a goroutine for datagrams, one for each stream and one for each allocation. The SFU's packets are queued
// for an allocation, bounded, on the goroutine that sends them. New takes the Mux's TURN traffic; Close ends all
// allocations and streams and waits for them.
package relay
