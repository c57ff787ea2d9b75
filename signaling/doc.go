// Package signaling is the realtime side of Confab: sockets and their sessions, the event protocol, fan-out and
// presence. The rules behind the events live in internal/chat and internal/call; this package decodes, authorises the
// connection, calls them, and carries what the bus says to the devices of the people it is for.
//
// # Overview
//
//	GET /ws → Server (handshake, token, Origin; then the connection is ours) → session (one socket) → Hub (sessions by user)
//	frame in  → dispatcher (table: event → handler) → internal/chat, internal/call → ack
//	bus event → Hub.Deliver → encoded once → queue of every session it is for → the session's writer → socket
//
// # Concurrency
//
// Every socket has one reader goroutine: it has the events of that socket run one after the other, in the order in which
// they came, each on a stack that is not the reader's (see stacks). Writing is done by at most one goroutine per socket, which
// exists only while something is queued, so that an idle socket costs one goroutine. Publishers only ever append to a bounded queue
// under the session's mutex: nobody waits for a slow reader, and a session whose queue is full is closed with 4408.
// The Hub keeps sessions in shards, each with a lock of its own. Lock order: shard, then session; nothing is called
// outward with either held.
//
// # Lifecycle
//
// A session is registered in the Hub before its `ready` frame is composed, and holds live events back until that frame
// is queued ahead of them: there is no gap between the snapshot and the events. Of the HTTP server nothing is kept: fiber's
// websocket package and fasthttp both pool their objects, and whoever used one later would use somebody else's. When its
// reader ends, the session is taken out of the Hub, its writer is joined, and the connection closed.
//
// # Invariants
//
//   - The first frame that a client sees is `ready`, or a close.
//   - After a session ended (revocation, expiry, overflow) nothing but its close frame is written to the socket.
//   - A frame that the server cannot understand never closes the socket, unless it is larger than MaxFrame.
package signaling
