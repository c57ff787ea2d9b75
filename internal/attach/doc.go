// Package attach is the rules about files that people send: what may be uploaded and how much, who may read it, and
// when it goes away. Bytes are in a blob.Store, descriptions in the database; package media looks into the content.
//
// Overview. An upload runs in two steps, because a form's other fields may come after the file: Receive copies the
// bytes to a place where nobody sees them and inspects them; Keep makes them an Attachment. Upload does both. From then
// on only the owner can read it, until a message carries it: then the members of the chat can. Links are signed, so
// that an <img> or <audio> element works without a header. An avatar is an attachment too, remade small and without
// the camera's notes.
//
// Invariants. A row is written after its blob is durable, and removed before its blob is: a row without bytes cannot
// come about. The other way round, bytes without a row are what a crash leaves between the two steps; Collect removes
// them, and uploads that were never sent, once they are Grace old. A person's rows never add up to more than the quota,
// checked under the account's lock.
//
// Concurrency. A Service is safe for concurrent use. It has no goroutines of its own; Run is the caller's.
package attach
