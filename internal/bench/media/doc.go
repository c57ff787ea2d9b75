// Package media loads a running server with a call: legs that publish made-up video or sound, and legs that count what
// reaches them.
//
// Every packet ends in a stamp: who sent it, its number, and when. The payload before that is what a server looks at, a
// VP8 payload descriptor (RFC 7741) with key frames when they are asked for, or nothing in particular for Opus, whose
// loudness is in the header extension of RFC 6464. Sender and receivers are one process, so their clocks agree, and
// latency is from the call that sends to the moment when the receiver's kernel has the packet (on Linux; elsewhere, when it is
// read): what this program takes to read and decrypt is no part of it. It is also told for each second, beside how busy the
// server was, for a machine that others share has fast seconds and slow ones.
//
// # Concurrency
//
// Each publishing leg has one goroutine that sends. A receiving leg has none of its own for media: Pion's goroutine that
// decrypts hands each packet to the leg's intake, under a mutex that nobody else wants until the run is over. Each leg
// has one goroutine that reads its socket. Receivers decode nothing and run none of Pion's interceptors, so that a load
// client on the same machine leaves most of the machine to the server.
//
// # What is counted
//
// Only packets sent while measuring count. Lost ones are gaps in the RTP sequence numbers of a slot, which a server has to
// keep continuous whatever the slot carries. Due is what the slots can carry of what was sent: a server that holds
// streams back, or takes long to give a slot to somebody, delivers less without a gap.
package media
