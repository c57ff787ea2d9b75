// Package chat is the rules of conversations: who may do what, and in which order it happens. It is the only writer of
// chats, members, messages and receipts; REST and sockets call the same methods.
//
// # How a change happens
//
// Every method runs in one transaction. A change first takes the chat's lock (LockChat, or Advance, which also gives
// out the next revision), then reads the members, so that the right to do it and the list of those who are told belong
// to the very state that is changed. Who is no member gets the same "not found" as for what does not exist.
//
// Events are published after the commit, and those of one chat in the order of their revisions although commits of
// different requests race: each change takes a turn in the chat's lane before its transaction, and hands its events to
// the lane afterwards (lanes.go). What has no revision is outside of that order: receipts, of which those of one member
// come in theirs, and typing. Neither reaches somebody who has been told that they lost the chat.
//
// # Receipts
//
// A receipt is a watermark: "everything up to seq". The status of a message is the weakest over its recipients, which
// are the members other than its author that were in the chat when it was sent. Somebody who does not share read
// receipts counts as delivered at most, for everybody but themselves.
//
// A Service is safe for concurrent use, owns no goroutine and holds no state but the lanes.
package chat
