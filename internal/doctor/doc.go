// Package doctor finds out whether a server will work, and says in plain words what is wrong and what to do about it.
//
// Examine looks at the machine it runs on, with the configuration of the server: the port, addresses, TLS, database, clock
// and socket buffers, and holds real calls through a media server of its own in each way that clients have. Remote looks at
// a server elsewhere as a client would: run on a second machine, it tells whether the first is reachable from outside.
//
// Both report findings as they come and keep nothing.
package doctor
