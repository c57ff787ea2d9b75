// Package auth knows people by their password and devices by their tokens.
//
// A sign-in makes a session, the row that stands for one device. The device holds two tokens. The access token is a JWT
// of 15 minutes that names user and session; Verify checks it on every request, and that the session lives, from a
// bounded cache that a revocation empties at once. The refresh token is not stored anywhere: it is an HMAC over the
// session and its generation, a counter that each refresh moves on. So the row tells at a glance what a presented token
// is: of the current generation, good; of the one before and within GracePeriod, a retry of a refresh whose answer
// was lost, which gets the very same successor; older, a copy, and the session ends for the thief and the owner alike.
//
// Passwords are bcrypt over a pre-hash, so that every character counts. The hashing, which is slow on purpose, never
// happens inside a transaction, and passes a gate that leaves processors to everything else.
//
// Whoever turns on a second factor also shows a one-time password of an authenticator app, or one of ten recovery codes.
// Each of them counts once. The app's secret is sealed with a key derived from the server's secret, so that the database
// alone does not give it away; of recovery codes, which are random, only hashes are kept. They still work after the
// server's secret was changed, and sealed secrets do not.
//
// A Service is safe for concurrent use and owns no goroutine. Its mutable state is the cache of sessions (own mutex) and
// the gate.
package auth
