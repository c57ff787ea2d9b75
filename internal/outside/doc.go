// Package outside keeps up with how this server is reached from outside: it looks up the server's names, asks STUN servers for the public addresses, asks
// the router for a port mapping where that is wanted, and tells the port what it learned, now and whenever it changes
// (addresses at home change every night).
//
// A Keeper has one goroutine, which does all of that in turn; what Keeper tells is copied under a mutex. Close ends the
// goroutine, takes the port mapping back and waits.
package outside
