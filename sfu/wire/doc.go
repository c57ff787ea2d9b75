// Package wire owns the one port of a server: a UDP socket that carries ICE, DTLS, SRTP, STUN and TURN at once, and a TCP
// listener that carries HTTP, ICE-TCP and TURN, in the clear or inside TLS.
//
// # Overview
//
// Datagrams are told apart by their first bytes (RFC 7983, RFC 8656): a Binding request with a USERNAME belongs to the leg
// whose ICE fragment it names, one without is answered here (plain STUN), TURN methods and ChannelData go to the TURN
// server that has called Mux.TURN, and the rest goes to the leg that talks to its source address. Streams are told apart in
// the same way by their first bytes, ten at the most, and again after a TLS handshake.
//
// Mux.UDPMux is an ice.UDPMux of our own rather than Pion's: it keeps one conn per candidate address and gives each the
// packets that came to that address, so that answers leave from the address that was asked (which matters with several
// addresses of one family, IPv6 privacy addresses above all), packets of one sender are never reordered between readers,
// and its queues are bounded. Its listen addresses are the candidates, public ones behind NAT included.
//
// Packets from and to relayed clients do not touch the network a second time: a Berth is an in-process peer with an address
// that no real packet can come from, and packets to it are handed over by a function call.
//
// # Concurrency
//
// One goroutine reads the UDP socket and hands packets to bounded queues; full queues drop, and count. A leg whose media is
// taken past Pion (Mux.TakeMedia) has a queue and a goroutine for that. Any goroutine may
// write: packets for one destination keep their order, no lock is held over a system call, and whoever finds a send under
// way leaves its packet to be sent with the next batch. One goroutine accepts TCP connections, one per connection decides
// what it is, within a deadline.
//
// # Lifecycle
//
// Listen opens both sockets or none. Close closes them and everything that came from them, and waits for all goroutines.
//
// # Invariants
//
// Every queue, table and number of undecided connections has a bound. A packet is owned by exactly one place at a time: the
// reader, one queue, or the pool. Addresses are kept unmapped (IPv4 as IPv4), so that they compare.
package wire
