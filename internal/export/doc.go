// Package export gives people their data: a zip of JSON and files with everything of theirs and everything that they may
// read, and nothing else.
//
// Whoever asks proves the password and gets a link, which a browser can simply open. The link is signed, ends after
// LinkTime, and dies with the session that asked for it.
//
// An archive is made in two steps. The words (profile, sessions, chats, messages, calls) are written to temporary files
// within one read transaction, so that they fit each other, and the transaction does not last as long as a slow line
// does. Then they and the person's uploads are streamed, one after the other, straight from where they are kept.
// Memory is a page of messages and a few buffers, whatever the size; the disk holds the words, compressed, until the
// download ends.
//
// A Service is safe for concurrent use. Each download has one goroutine, which ends with it.
package export
