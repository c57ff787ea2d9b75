// Package call is the rules of calls: who rings whom, who may join, who is in, and what is kept of it. It owns the SFU's
// rooms, one per running call, and knows nothing of sockets or JSON: devices are told things over the bus.
//
// # Overview
//
// A chat has at most one call. Its first participant creates it (forming), and it becomes visible when that
// participant's offer has been answered (running): the others are rung, the chat's members see an active call. It is over
// when the last one leaves, when one of two leaves a direct chat, when nobody answered, or when it is ended for all.
// A participant is one leg of one device; the same user on a second device is refused while the first is reachable.
//
// Ringing a chat of up to RingOfferMax members prepares one leg per rung user with an offer of the server; all of the
// user's devices get that offer, and the first valid answer turns the prepared leg into a participant.
//
// # Concurrency
//
// Registry.mu guards which calls there are. Every call has one mutex, call.mu, which owns everything that moves in it;
// it is never held across a call into the SFU, the store or internal/chat, so that callbacks of the SFU may take it.
// Events are published with call.mu held (publishing never blocks), which is what puts them in order. Lock order:
// call.mu, then Registry.mu or formers.mu. What is written to the history goes through the call's journal, one goroutine that
// exists while there is something to write, so that rows appear in the order of events and a slow disk delays nobody's
// media. Legs are closed after call.mu is released (call.unlock).
//
// # Lifecycle
//
// New, Recover, then devices; Close lets running calls go on for a while, ends the rest, and waits for every goroutine.
//
// # Invariants
//
//   - A participant has passed the membership check after it was registered, and losing the chat takes the registered
//     out; so there is no instant at which somebody removed from the chat is in its call. In the same way the session is
//     asked for after that, and a revoked one takes the registered out.
//   - An offer that was meant for a leg or a call that is over starts nothing, and rings nobody.
//   - Nothing about a call is sent to anybody who is not in its chat.
//   - The end of a call and the message about it are committed together; a call without an end is ended by Recover.
//   - A refused offer, answer or candidate changes nothing for anybody.
package call
