// Package store says what Confab keeps and how it is asked for: the domain types, the Store interface with its
// transactions, and the errors both engines answer with.
//
// There are no rules here about who may do what. Those live in internal/chat, internal/call and internal/auth, and run
// inside a transaction, so that a permission is checked against the same state that is then changed. The engines
// (store/postgres, store/sqlite) only read and write; store/storetest is the suite that both must pass.
package store

import (
	"context"
	"errors"
	"time"
)

// The errors that callers tell apart. Engines wrap them with what was being done; compare with errors.Is.
var (
	ErrNotFound      = errors.New("not found")
	ErrEmailTaken    = errors.New("email taken")
	ErrUsernameTaken = errors.New("username taken")
	ErrDirectExists  = errors.New("direct chat exists")
	ErrMemberExists  = errors.New("already a member")
	ErrClientIDTaken = errors.New("client id taken")

	// ErrBadText: a NUL or invalid UTF-8 in a string that was to be kept or looked for; no engine can keep it.
	ErrBadText = errors.New("text holds a NUL or is no valid UTF-8")
)

// Store is a database. It is safe for concurrent use.
type Store interface {
	// View runs fn over one consistent, read-only snapshot. fn must not call the Store itself.
	View(ctx context.Context, fn func(Tx) error) error

	// Update runs fn in one read-write transaction and commits when it returns nil; when Update returns nil, what fn
	// wrote survives a crash of the process or the machine. Any error rolls everything back and is returned. A
	// transaction that lost a race inside the database is run again, so fn must have no effect outside of Tx.
	//
	// Each read inside of fn sees what was committed before that read. A rule that rests on something a concurrent
	// transaction may change therefore first takes the lock that guards it, then reads: LockChat (or Advance) for a
	// chat, its members and messages; LockUser for an account; Session for a session. Locks are taken in that order:
	// user, session, chats by id, invitation. fn must not call the Store itself, and does nothing slow (no password
	// hashing): on SQLite everybody who writes waits for it.
	Update(ctx context.Context, fn func(Tx) error) error

	// Post is the short way for the commonest change, a plain new message, which names nobody: it stores m, whose Seq and Rev it gives out,
	// and shares one commit with other callers' posts. It holds to these rules, checked under the chat's lock: the
	// author is a member of the chat, the author's ClientID is unused, ReplyTo, if any, is a message of the same chat,
	// and in a direct chat neither of the two blocks the other. Where one of them is broken, or an engine would rather
	// not, ok is false and nothing has been stored: the caller takes the long way (Update with Advance and
	// InsertMessage) and finds out why. When Post returns ok, m survives a crash as after Update; on an error m may or
	// may not have been stored.
	Post(ctx context.Context, m Message) (posted Posted, ok bool, err error)

	// Epoch identifies this history of the database. It changes when the data were replaced by older ones, which
	// tells clients that revisions they remember mean nothing any more.
	Epoch() ID

	// Ping reports whether the database answers.
	Ping(ctx context.Context) error

	// Close waits for running transactions and releases the database. It may be called more than once.
	Close() error
}

// Posted is what Post did: the message's place, and who was a member of the chat at that point, in no particular order.
type Posted struct {
	Seq, Rev int64
	Members  []ID
}

// Tx is what can be done inside a transaction, by subject.
type Tx interface {
	Users
	Sessions
	SecondFactors
	Chats
	Messages
	Receipts
	Attachments
	Calls
	Mentions
	Pins
	Blocks
	Invitations
}

// Users keeps accounts. Lookups see deleted accounts only where the comment says so.
type Users interface {
	// CreateUser fails with ErrEmailTaken or ErrUsernameTaken.
	CreateUser(ctx context.Context, u User) error
	// User finds an account by id, deleted ones included.
	User(ctx context.Context, id ID) (User, error)
	// LockUser is User, and holds off every other LockUser of that account until the transaction ends.
	LockUser(ctx context.Context, id ID) (User, error)
	// UsersByID finds many at once, deleted ones included, in no particular order; unknown ids are left out.
	UsersByID(ctx context.Context, ids []ID) ([]User, error)
	// UserByEmail and UserByUsername ignore case.
	UserByEmail(ctx context.Context, email string) (User, error)
	UserByUsername(ctx context.Context, username string) (User, error)
	// UpdateUser writes every field but ID and CreatedAt. It fails as CreateUser does.
	UpdateUser(ctx context.Context, u User) error
	// TouchUser moves LastSeenAt forward.
	TouchUser(ctx context.Context, id ID, seen time.Time) error
	// SearchUsers finds living accounts other than except whose username or display name contains q, or whose e-mail
	// is q, ignoring case: prefix matches first, then by username.
	SearchUsers(ctx context.Context, q string, except ID, limit int) ([]User, error)
	// Contacts lists everybody who shares a chat with the user, without the user.
	Contacts(ctx context.Context, id ID) ([]ID, error)
}

// Sessions keeps signed-in devices.
type Sessions interface {
	CreateSession(ctx context.Context, s Session) error
	// Session finds one by id and locks it until the transaction ends; revoked ones are found too.
	Session(ctx context.Context, id ID) (Session, error)
	// UpdateSession writes Generation, RotatedAt, UserAgent, Address, LastUsedAt, ExpiresAt and RevokedAt.
	UpdateSession(ctx context.Context, s Session) error
	// SessionsOf lists the user's sessions that are neither revoked nor expired at now, latest used first.
	SessionsOf(ctx context.Context, userID ID, now time.Time) ([]Session, error)
	// DeleteSessionsBefore removes those that expired or were revoked before t and returns how many.
	DeleteSessionsBefore(ctx context.Context, t time.Time) (int64, error)
}

// SecondFactors keeps what somebody shows besides the password. Whoever changes one locks the account first.
type SecondFactors interface {
	// TOTP finds a user's factor, whether it is on (User.TOTPAt) or waits to be confirmed.
	TOTP(ctx context.Context, userID ID) (TOTP, error)
	// SetTOTP keeps a factor in place of the one that was there, if any.
	SetTOTP(ctx context.Context, f TOTP) error
	// DeleteTOTP removes a user's factor and recovery codes, if any.
	DeleteTOTP(ctx context.Context, userID ID) error
	// SetRecoveryCodes keeps the hashes of a user's recovery codes in place of those that were there.
	SetRecoveryCodes(ctx context.Context, userID ID, hashes [][]byte) error
	// SpendRecoveryCode removes one and tells whether it was there.
	SpendRecoveryCode(ctx context.Context, userID ID, hash []byte) (bool, error)
}

// Chats keeps conversations and who is in them.
type Chats interface {
	// CreateChat inserts the chat and its first members. For a Direct chat it fails with ErrDirectExists when the two
	// have one already, also against a transaction that runs at the same instant.
	CreateChat(ctx context.Context, c Chat, members []Member) error
	// DirectChat finds the direct chat of two people.
	DirectChat(ctx context.Context, a, b ID) (Chat, error)
	Chat(ctx context.Context, id ID) (Chat, error)
	// LockChat is Chat, and holds off every other LockChat and Advance of that chat until the transaction ends.
	LockChat(ctx context.Context, id ID) (Chat, error)
	// UpdateChat writes Name, AvatarID, Description and UpdatedAt.
	UpdateChat(ctx context.Context, c Chat) error
	// DeleteChat removes the chat and everything in it, with the files of its messages.
	DeleteChat(ctx context.Context, id ID) error
	// Advance moves the chat's revision by one, and its last seq too when message is true (which also sets ActivityAt
	// to at), and returns the new values. It locks as LockChat does.
	Advance(ctx context.Context, chatID ID, message bool, at time.Time) (seq, rev int64, err error)
	// ChatsOf lists the chats of a user, latest activity first.
	ChatsOf(ctx context.Context, userID ID, p Page) ([]Chat, error)
	// AllChatsOf lists every chat of a user with the user's own membership, in no particular order: what `ready` needs.
	AllChatsOf(ctx context.Context, userID ID) ([]Chat, []Member, error)

	// Member finds one membership, or ErrNotFound.
	Member(ctx context.Context, chatID, userID ID) (Member, error)
	// Members lists the members of the given chats, by JoinedAt.
	Members(ctx context.Context, chatIDs ...ID) ([]Member, error)
	// AddMember fails with ErrMemberExists.
	AddMember(ctx context.Context, m Member) error
	// UpdateMember writes Role, MutedUntil and ArchivedAt.
	UpdateMember(ctx context.Context, m Member) error
	RemoveMember(ctx context.Context, chatID, userID ID) error
	// MembersNamed lists who of a chat has one of these usernames, ignoring case, in the order of their ids.
	MembersNamed(ctx context.Context, chatID ID, usernames []string) ([]ID, error)
	// Unread counts, per chat, the messages past the user's read watermark that others wrote and that still stand,
	// system messages aside. Chats without any are left out.
	Unread(ctx context.Context, userID ID, chatIDs ...ID) (map[ID]int64, error)
}

// Messages keeps what was said.
type Messages interface {
	// InsertMessage stores a message at the Seq and Rev that Advance gave. It fails with ErrClientIDTaken when the
	// user has used the ClientID before.
	InsertMessage(ctx context.Context, m Message) error
	// MessageByClientID finds what a user first sent under an idempotency key.
	MessageByClientID(ctx context.Context, userID ID, clientID string) (Message, error)
	Message(ctx context.Context, id ID) (Message, error)
	// UpdateMessage writes Content, Rev, UpdatedAt, EditedAt, DeletedAt and Meta.
	UpdateMessage(ctx context.Context, m Message) error
	Messages(ctx context.Context, q MessageQuery) ([]Message, error)
	// LastMessages finds the newest message of each given chat; chats without any are left out.
	LastMessages(ctx context.Context, chatIDs ...ID) (map[ID]Message, error)
	// SearchMessages finds standing messages in the chats of a user, or in one of them when chatID is set, whose text
	// and names of files together meet q (see package fulltext: words in any of their forms, "phrases", beginnings*),
	// newest first. A page after the first continues before the last message of the one that came before it.
	SearchMessages(ctx context.Context, userID, chatID ID, q string, before ID, limit int) ([]Message, error)
	// SetReaction adds (on) or takes away one user's emoji and tells whether anything changed.
	SetReaction(ctx context.Context, messageID, userID ID, emoji string, on bool, at time.Time) (bool, error)
}

// Receipts keeps the watermarks.
type Receipts interface {
	// AdvanceReceipt moves a member's watermark of kind up to seq, records the mark, and tells whether it moved: a seq
	// at or below the watermark changes nothing, and so does one past the chat's LastSeq or of somebody who is no
	// member. Read moves the delivered watermark along.
	AdvanceReceipt(ctx context.Context, chatID, userID ID, kind ReceiptKind, seq int64, at time.Time) (bool, error)
	// ReceiptMarks lists, for each current member and kind, the lowest mark at or above seq, which is when the message
	// at seq became delivered or read. Members without such a mark are left out.
	ReceiptMarks(ctx context.Context, chatID ID, seq int64) ([]ReceiptMark, error)
}

// Attachments keeps descriptions of stored bytes; the bytes themselves are internal/blob's.
type Attachments interface {
	CreateAttachment(ctx context.Context, a Attachment) error
	Attachment(ctx context.Context, id ID) (Attachment, error)
	// AttachToMessage binds attachments to a message, in the given order. It fails with ErrNotFound, changing
	// nothing, unless every one exists, belongs to owner, and is carried by no message and shown as no avatar.
	AttachToMessage(ctx context.Context, messageID, owner ID, ids []ID) error
	DeleteAttachment(ctx context.Context, id ID) error
	// DeleteAttachmentsOf removes those of a message, if any: when it is deleted, its files go with its words.
	DeleteAttachmentsOf(ctx context.Context, messageID ID) error
	// FreeAttachments lists those made before t that no message carries and no user or chat shows as its avatar,
	// oldest first: uploads that were never sent, and avatars that were replaced. In Update none of them can be
	// attached until the transaction ends.
	FreeAttachments(ctx context.Context, t time.Time, limit int) ([]Attachment, error)
	// AttachmentsOf lists an owner's attachments in the order of their ids, those after one of them (none: from the
	// beginning).
	AttachmentsOf(ctx context.Context, owner, after ID, limit int) ([]Attachment, error)
	// AttachmentBytes is the sum of the sizes of an owner's attachments. Those that share their bytes count once.
	AttachmentBytes(ctx context.Context, owner ID) (int64, error)
	// BlobInUse tells whether any attachment has its bytes under the key.
	BlobInUse(ctx context.Context, key string) (bool, error)
}

// Calls keeps the call history.
type Calls interface {
	CreateCall(ctx context.Context, c Call) error
	Call(ctx context.Context, id ID) (Call, error)
	// UpdateCall writes AnsweredAt, EndedAt and EndReason.
	UpdateCall(ctx context.Context, c Call) error
	AddCallParticipant(ctx context.Context, callID ID, p CallParticipant) error
	EndCallParticipant(ctx context.Context, participantID ID, at time.Time) error
	// CallsOf lists calls of the user's chats, or of one of them when chatID is set, newest first, with participants.
	CallsOf(ctx context.Context, userID, chatID ID, p Page) ([]Call, error)
	// OpenCalls lists those without an end, with participants: what a crash left behind.
	OpenCalls(ctx context.Context) ([]Call, error)
}

// Mentions keeps who is named in a message.
type Mentions interface {
	// SetMentions says whom a message names, in place of what was said before. Unknown users are left out.
	SetMentions(ctx context.Context, messageID ID, userIDs []ID) error
	// UnreadMentions counts, per chat, what Unread counts as far as it names the user. Chats without any are left out.
	UnreadMentions(ctx context.Context, userID ID, chatIDs ...ID) (map[ID]int64, error)
	// MentionsAfter lists a chat's standing messages by others that name the user, past a seq and in its order.
	MentionsAfter(ctx context.Context, userID, chatID ID, seq int64, limit int) ([]Message, error)
}

// Pins keeps the pinned messages of chats.
type Pins interface {
	// SetPin pins a message (on) or takes the pin away, and tells whether anything changed. A pin that is there stays
	// as it was.
	SetPin(ctx context.Context, messageID, by ID, on bool, at time.Time) (bool, error)
	// Pins lists the pinned messages of a chat that still stand, latest pin first.
	Pins(ctx context.Context, chatID ID, limit int) ([]Message, error)
	// PinCounts counts them, per chat. Chats without any are left out.
	PinCounts(ctx context.Context, chatIDs ...ID) (map[ID]int64, error)
}

// Blocks keeps who wants to hear nothing of whom.
type Blocks interface {
	// SetBlock sets or lifts userID's block of another and tells whether anything changed. Whoever sets one locks the
	// direct chat of the two first, if there is one, so that no message slips through.
	SetBlock(ctx context.Context, userID, blocked ID, on bool, at time.Time) (bool, error)
	// Blocks lists whom a user blocks, latest first.
	Blocks(ctx context.Context, userID ID) ([]Block, error)
	// BlockBetween tells whether one of the two blocks the other.
	BlockBetween(ctx context.Context, a, b ID) (bool, error)
}

// Invitations keeps the links by which people come into groups.
type Invitations interface {
	CreateInvitation(ctx context.Context, i Invitation) error
	// InvitationByToken finds one by the hash of its token and locks it until the transaction ends; spent, expired and
	// revoked ones are found too.
	InvitationByToken(ctx context.Context, tokenHash []byte) (Invitation, error)
	// Invitation finds one by id and locks it as InvitationByToken does.
	Invitation(ctx context.Context, id ID) (Invitation, error)
	// InvitationsOf lists those of a chat that are not revoked, latest first.
	InvitationsOf(ctx context.Context, chatID ID) ([]Invitation, error)
	// UpdateInvitation writes ExpiresAt, RevokedAt, MaxUses and Uses.
	UpdateInvitation(ctx context.Context, i Invitation) error
	// SetRemoved remembers that somebody was removed from a chat (on), or forgets it.
	SetRemoved(ctx context.Context, chatID, userID ID, on bool, at time.Time) error
	// Removed tells whether that is remembered.
	Removed(ctx context.Context, chatID, userID ID) (bool, error)
}
