// Package sfu is a selective forwarding unit: a media server that sends on, without decoding, what each participant of a
// room publishes to all the others. It is a library over Pion; it knows legs, tracks and rooms, and nothing of users, chats
// or HTTP.
//
// Who embeds it makes a Transport and a Server, a Room for each call, and a Leg in it for each device; hands the device's offers
// to the leg, and its answers back, over whatever signalling there is; and passes on what the leg's handler is told. The example
// does all of that, behind one HTTP handler.
//
// # Overview
//
// A [Server] owns what all rooms share: the transport, that is one UDP socket for everybody (package wire has one), a DTLS
// certificate, counters. A [Room] is a set of legs that receive each other. A [Leg] is one device's connection: one
// PeerConnection, in which the device both sends and receives.
//
// The client makes all offers, except that a leg may begin with an offer of the server's ([Leg.RingOffer]) for clients
// that want to answer a call in one message. Each section of the description on which the client receives is a slot: an
// RTP stream that lasts as long as the leg and carries, one after the other, whatever the room decides. People come and
// go, speak and fall silent, without any negotiation; the client is told by [LegHandler.Slots] who is where. Sequence
// numbers, timestamps and picture counters of a slot go on without a break, and each source in it begins with a key frame,
// so that a decoder never notices.
//
// # The way of a packet
//
// Pion runs ICE and DTLS. Where the transport hands media over before Pion reads it, the leg decrypts it itself, with keys
// derived from Pion's hooks; otherwise, and with the first packets of each stream, Pion does. Right behind decryption, in the
// goroutine that did it, the leg's uplink takes over: it parses the packet once, tells new packets from repetitions, keeps
// video in a ring per layer (package cache), and walks the slots that carry the layer, from 128 on together with helpers, of
// which there are as many as can run beside it. A slot rewrites the header (package rewrite) and the picture
// counters (package codec) into memory of the publisher's burst. Where the transport can send batches, the slot encrypts
// the packet there itself, with keys derived in the same way (package srtpkeys), and the burst goes out at the end of
// the frame, in one run per receiver; where it cannot, or the keys cannot be had, Pion encrypts and sends each packet. What
// receivers report missing is answered from the rings, on RTX, within a share of what is sent; where packets get lost, receivers
// are asked to hold pictures back for as long as that takes. In steady state nothing on this way allocates, starts a
// goroutine or holds a lock while it sends, and no receiver can hold up another.
//
// # Decisions
//
// Each is a pure function in a package of its own, with the time passed in: who is speaking (loudness), which slot
// carries which track (assign), which layer of it (allocate), how much the path bears (bandwidth), what is missing
// (repair), how good the connection is (quality). Layers that nobody needs are switched off at their sender
// ([LegHandler.Layers]). Before a picture grows on a path that was found to be narrow, padding on RTX shows whether it may.
//
// # Concurrency
//
// Methods of Server, Room and Leg may be called by several goroutines. A room has one goroutine, which assigns slots. A leg
// has none of its own while nothing happens, beside Pion's: three errands, of which one calls the handler, one follows ICE, and
// one chooses layers and sends requests when something has changed, run in a goroutine for as long as there is something to
// do. What time alone brings, reports and repeated requests, comes from the one ticker of the server, its pulse. Media
// and reports are handled in Pion's two reading goroutines of the leg, media taken past Pion in one of the transport's. Every
// piece of mutable state names its owner where it is declared; packet paths read immutable snapshots (the slots of a layer,
// the slots by SSRC), so that a join does not stop the flow.
//
// Locks nest in this order: a leg's receiving or ticking, choosing, uplink, leg, burst, slot, publication, layer, downlink,
// notifier. None is held while a packet is written or a handler called, but ticking, which no packet waits for, and
// receiving, which belongs to whoever brings the packets of one client.
//
// # Lifecycle
//
// [Room.Join] makes a leg; [Leg.Offer], or [Leg.RingOffer] and [Leg.Answer], connects it. A leg that loses its connection
// is told as [StateLost] and stays, so that the client can come back by itself or by an ICE restart; the embedder decides
// when to give up. [Leg.Close], [Room.Close] and [Server.Close] wait until nothing is left. A panic in code that works for
// one leg ends that leg with [ErrPanic] and no other.
//
// # Invariants
//
//   - A slot is never sent two different packets with one sequence number: with SRTP that would be the end of secrecy.
//   - LegHandler.Slots has returned before the first packet of what it told is sent.
//   - A muted track's packets stop before [Leg.Mute] returns.
//   - Everything that grows has a bound: sections, streams, packets kept, requests answered, states not told.
package sfu
